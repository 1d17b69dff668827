// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Fetches a payer's tokens for the settlement contract, by whatever proof `data` carries.
interface IDepositCollector {
    /// @dev Must move exactly `amount` of `token` from `payer` to the caller, or revert.
    function collect(address payer, address token, uint256 amount, bytes32 channelId, bytes calldata data) external;
}
