// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What the settlement contract needs of the session keys.
interface ISessionLimits {
    /// @notice What binds a claim on a channel now.
    /// @return cap The most that may be claimed of the channel in total, in atomic units.
    /// @return claimableUntil The last second at which anything may be claimed.
    /// @dev A channel without a session has the largest values of both.
    function claimLimits(bytes32 channelId) external view returns (uint128 cap, uint64 claimableUntil);
}
