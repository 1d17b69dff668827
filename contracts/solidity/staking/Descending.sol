// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Sorts words, the largest first. By merging: no order of the input makes it slow, so nobody can make
/// a view that sorts too expensive to call.
library Descending {
    function sort(uint256[] memory words) internal pure returns (uint256[] memory) {
        uint256[] memory other = new uint256[](words.length);
        for (uint256 width = 1; width < words.length; width *= 2) {
            for (uint256 from = 0; from < words.length; from += 2 * width) {
                _merge(words, other, from, width);
            }
            (words, other) = (other, words);
        }
        return words;
    }

    /// @dev Two sorted runs of `width` words (the last may be shorter) into one.
    function _merge(uint256[] memory words, uint256[] memory merged, uint256 from, uint256 width) private pure {
        unchecked {
            uint256 middle = _min(from + width, words.length);
            uint256 end = _min(from + 2 * width, words.length);
            (uint256 left, uint256 right) = (from, middle);
            for (uint256 i = from; i < end; i++) {
                bool isLeft = left < middle && (right == end || words[left] >= words[right]);
                merged[i] = isLeft ? words[left++] : words[right++];
            }
        }
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
