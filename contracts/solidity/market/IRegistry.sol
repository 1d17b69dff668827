// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

enum ArtifactKind {
    Other,
    DataSet,
    Model,
    Program,
    Image
}

/// @notice What other contracts ask the Registry.
interface IRegistry {
    /// @notice An artifact's owner now; zero where nobody published it.
    function ownerOf(bytes32 artifact) external view returns (address);

    function cidOf(bytes32 artifact) external view returns (string memory);

    function isProvider(address account) external view returns (bool);

    /// @notice Whether a key may sign receipts for a provider: its own account, or one it registered.
    function isReceiptSigner(address provider, address signer) external view returns (bool);
}
