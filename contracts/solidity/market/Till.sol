// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Where a split's income arrives: an address known before it exists (CREATE2), so that payers
/// and escrows pay it like any account. Only its Splitter can empty it, into itself.
contract Till {
    using SafeERC20 for IERC20;

    address private immutable _splitter = msg.sender;

    error NotSplitter(address caller);

    function sweep(IERC20 token) external {
        if (msg.sender != _splitter) revert NotSplitter(msg.sender);
        uint256 amount = token.balanceOf(address(this));
        if (amount != 0) token.safeTransfer(_splitter, amount);
    }
}
