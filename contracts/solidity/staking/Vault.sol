// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Where a validator's fees and block rewards arrive. Its address is known before it exists
/// (CREATE2), and only its maker can empty it, into itself.
contract Vault {
    address private immutable _staking = msg.sender;

    error NotStaking(address caller);

    receive() external payable {}

    function sweep() external returns (uint256 amount) {
        if (msg.sender != _staking) revert NotStaking(msg.sender);
        amount = address(this).balance;
        (bool success,) = _staking.call{value: amount}("");
        assert(success);
    }
}
