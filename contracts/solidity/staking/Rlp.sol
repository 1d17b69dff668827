// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Reads RLP whose hash is known to be good: it checks bounds, not that the encoding is the shortest.
library Rlp {
    error NotRlp(uint256 position);

    /// @notice Where the content of the item at `position` begins and ends.
    function contentAt(bytes calldata data, uint256 position) internal pure returns (uint256 from, uint256 to) {
        if (position >= data.length) revert NotRlp(position);
        uint256 first = uint8(data[position]);
        if (first < 0x80) return (position, position + 1);
        uint256 code = first < 0xc0 ? first - 0x80 : first - 0xc0;
        from = position + 1;
        uint256 length = code;
        if (code > 55) {
            uint256 size = code - 55;
            if (size > 4 || from + size > data.length) revert NotRlp(position);
            length = uint256(bytes32(data[from:from + size])) >> (8 * (32 - size));
            from += size;
        }
        to = from + length;
        if (to > data.length) revert NotRlp(position);
    }

    /// @notice The position of the item with this number in the list that `data` is.
    function find(bytes calldata data, uint256 number) internal pure returns (uint256 position) {
        (position,) = contentAt(data, 0);
        for (uint256 i = 0; i < number; i++) {
            (, position) = contentAt(data, position);
        }
    }

    function word(bytes calldata data, uint256 number) internal pure returns (uint256) {
        (uint256 from, uint256 to) = contentAt(data, find(data, number));
        if (to - from > 32) revert NotRlp(from);
        return to == from ? 0 : uint256(bytes32(data[from:to])) >> (8 * (32 - (to - from)));
    }

    function addresses(bytes calldata data, uint256 number) internal pure returns (address[] memory list) {
        (uint256 from, uint256 to) = contentAt(data, find(data, number));
        list = new address[]((to - from) / 21);
        for (uint256 i = 0; i < list.length; i++) {
            list[i] = address(bytes20(data[from + 21 * i + 1:from + 21 * i + 21]));
        }
    }
}
