// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What other contracts ask of the Splitter.
interface ISplitter {
    /// @notice Makes known how an artifact's income is shared: see `Splitter.LineageSplit`.
    function createLineageSplit(bytes32 artifact, uint16 royalty, address rest) external returns (bytes32 splitId);

    /// @notice Pays into a split from the caller's allowance.
    function pay(bytes32 splitId, address token, uint256 amount) external;

    function isLineageSplit(bytes32 splitId) external view returns (bool);
}
