// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ArtifactKind} from "./IRegistry.sol";

/// @notice Something that a job made, as its runner calls it.
struct Output {
    bytes32 id;
    ArtifactKind kind;
}

/// @notice A run as its runner signed it: `Lineage.JOB_RESULT_TYPEHASH` with the publisher and the inputs.
struct Job {
    /// Hash of the job's declaration: program, parameters, seed, runtime.
    bytes32 declaration;
    /// The registered provider whose machine ran it.
    address runner;
    /// All that it made.
    Output[] outputs;
    bytes signature;
}

/// @notice What other contracts ask of the Lineage.
interface ILineage {
    /// @notice Checks and fixes what an artifact is made of. Only the Registry calls it, once per artifact.
    function record(
        bytes32 id,
        address publisher,
        ArtifactKind kind,
        bytes32[] calldata parents,
        Job calldata job
    ) external;

    /// @notice An ancestor's share, in basis points, of whatever an artifact earns.
    function shareOf(bytes32 id, bytes32 ancestor) external view returns (uint16);

    /// @notice All ancestors' shares of what an artifact earns, in basis points.
    function totalOf(bytes32 id) external view returns (uint16);

    /// @notice The ancestors that have a share of what an artifact earns.
    function payeesOf(bytes32 id) external view returns (bytes32[] memory);

    /// @notice The split of what a provider earns by serving an artifact; zero where it owes nobody.
    function openServiceSplit(bytes32 id, address provider) external returns (bytes32 splitId);
}
