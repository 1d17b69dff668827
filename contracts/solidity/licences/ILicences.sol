// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What other contracts, and whoever serves an artifact, ask of the Licences.
interface ILicences {
    /// @notice Whether an account may do any of these things with an artifact now. Its owner may all.
    function hasRight(address account, bytes32 artifact, uint8 purposes) external view returns (bool);

    /// @notice The account's right to any of these purposes with the smallest royalty. A right that is
    /// paid per use counts once it was spent for `useId`.
    function rightFor(address account, bytes32 artifact, uint8 purposes, bytes32 useId)
        external
        view
        returns (bool has, uint16 royalty);

    function offerCount(bytes32 artifact) external view returns (uint256);

    /// @notice Whether an account keeps an artifact and its key for the owner.
    function isCustodian(bytes32 artifact, address account) external view returns (bool);
}
