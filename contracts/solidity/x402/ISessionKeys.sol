// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a receiver that is a contract asks of the session keys.
interface ISessionKeys {
    /// @notice The limits that a receiver applies to new payments. Without a session all is zero.
    function sessions(bytes32 channelId)
        external
        view
        returns (bool exists, uint128 cap, uint40 expiresAt, bytes32 scope);
}
