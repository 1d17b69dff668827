// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ILicences} from "../licences/ILicences.sol";
import {Purposes} from "../licences/Purposes.sol";
import {Predeploys} from "../Predeploys.sol";
import {ILineage, Job, Output} from "./ILineage.sol";
import {ArtifactKind, IRegistry} from "./IRegistry.sol";
import {ISplitter} from "./ISplitter.sol";

/// @notice What artifacts are made of, and what their income owes for it. Checked once, when an artifact
/// is published, and fixed then for good.
///
/// An ancestor's share is of all that the artifact earns, at any distance: a derivation inherits its
/// parents' whole tables and adds what it promised to each parent's owner. An ancestor that is reached
/// on several ways has the largest of its shares, once. All together never exceed the whole.
contract Lineage is ILineage, EIP712 {
    struct Derivation {
        /// Hash of the declaration of the job that made it; zero: it was published without parents.
        bytes32 declaration;
        address runner;
        /// The longest way to an artifact without parents.
        uint8 depth;
        /// All ancestors' shares, in basis points.
        uint16 total;
    }

    event Derived(
        bytes32 indexed id, bytes32 indexed declaration, address indexed runner, address publisher, uint8 depth
    );
    event ShareFixed(bytes32 indexed id, bytes32 indexed ancestor, uint16 share);

    error NotRegistry(address caller);
    error UnknownArtifact(bytes32 id);
    error ParentCount(uint256 count, uint256 maximum);
    error OutputCount(uint256 count, uint256 maximum);
    error RepeatedParent(bytes32 id);
    error TooDeep(uint256 depth, uint256 maximum);
    error TooManyPayees(uint256 count, uint256 maximum);
    error SharesExceedWhole(uint256 sum);
    error RightMissing(address account, bytes32 artifact, uint8 purposes);
    error NotForDownload(bytes32 artifact, address runner);
    error NotAnOutput(bytes32 id, ArtifactKind kind);
    error UnknownRunner(address runner);
    error InvalidJobSignature(address runner);

    bytes32 public constant JOB_RESULT_TYPEHASH = keccak256(
        "JobResult(bytes32 declaration,address publisher,address runner,bytes32[] inputs,Output[] outputs)Output(bytes32 id,uint8 kind)"
    );
    bytes32 public constant OUTPUT_TYPEHASH = keccak256("Output(bytes32 id,uint8 kind)");
    uint256 public constant MAX_PARENTS = 32;
    uint256 public constant MAX_OUTPUTS = 64;
    uint256 public constant MAX_DEPTH = 16;
    /// @notice With the artifact's owner and who serves it, the Splitter's 64.
    uint256 public constant MAX_PAYEES = 62;
    uint256 public constant WHOLE = 10_000;

    /// @inheritdoc ILineage
    mapping(bytes32 id => mapping(bytes32 ancestor => uint16)) public shareOf;
    mapping(bytes32 id => Derivation) private _derivations;
    mapping(bytes32 id => bytes32[]) private _payees;

    constructor() EIP712("Quoin Lineage", "1") {}

    /// @inheritdoc ILineage
    function record(
        bytes32 id,
        address publisher,
        ArtifactKind kind,
        bytes32[] calldata parents,
        Job calldata job
    ) external {
        if (msg.sender != Predeploys.REGISTRY) revert NotRegistry(msg.sender);
        if (parents.length == 0 || parents.length > MAX_PARENTS) revert ParentCount(parents.length, MAX_PARENTS);
        _checkOutput(id, kind, job.outputs);
        _checkJob(publisher, parents, job);
        uint256 total;
        uint256 depth;
        for (uint256 i = 0; i < parents.length; i++) {
            _checkDistinct(parents, i);
            uint16 royalty = _royaltyTo(parents[i], publisher, kind, job);
            total += _inherit(id, parents[i], royalty);
            if (_derivations[parents[i]].depth >= depth) depth = uint256(_derivations[parents[i]].depth) + 1;
        }
        if (depth > MAX_DEPTH) revert TooDeep(depth, MAX_DEPTH);
        if (total > WHOLE) revert SharesExceedWhole(total);
        if (_payees[id].length > MAX_PAYEES) revert TooManyPayees(_payees[id].length, MAX_PAYEES);
        _derivations[id] = Derivation(job.declaration, job.runner, uint8(depth), uint16(total));
        emit Derived(id, job.declaration, job.runner, publisher, uint8(depth));
        for (uint256 i = 0; i < _payees[id].length; i++) {
            emit ShareFixed(id, _payees[id][i], shareOf[id][_payees[id][i]]);
        }
    }

    /// @inheritdoc ILineage
    /// @dev Who serves another's artifact needs a right to use it, once the owner offers any.
    function openServiceSplit(bytes32 id, address provider) external returns (bytes32 splitId) {
        uint16 royalty;
        if (_licences().offerCount(id) != 0) {
            bool has;
            (has, royalty) = _licences().rightFor(provider, id, Purposes.USE, 0);
            if (!has) revert RightMissing(provider, id, Purposes.USE);
        }
        if (royalty == 0 && _derivations[id].total == 0) return 0;
        return ISplitter(Predeploys.SPLITTER).createLineageSplit(id, royalty, provider);
    }

    /// @inheritdoc ILineage
    function totalOf(bytes32 id) external view returns (uint16) {
        return _derivations[id].total;
    }

    /// @inheritdoc ILineage
    function payeesOf(bytes32 id) external view returns (bytes32[] memory) {
        return _payees[id];
    }

    function derivationOf(bytes32 id) external view returns (Derivation memory) {
        return _derivations[id];
    }

    /// @notice What a runner signs once a job has ended.
    function getJobResultDigest(
        bytes32 declaration,
        address publisher,
        address runner,
        bytes32[] calldata inputs,
        Output[] calldata outputs
    ) public view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](outputs.length);
        for (uint256 i = 0; i < outputs.length; i++) hashes[i] = keccak256(abi.encode(OUTPUT_TYPEHASH, outputs[i]));
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    JOB_RESULT_TYPEHASH,
                    declaration,
                    publisher,
                    runner,
                    keccak256(abi.encodePacked(inputs)),
                    keccak256(abi.encodePacked(hashes))
                )
            )
        );
    }

    /// @dev The kind is the runner's word too: else the right to train would let out anything as a model.
    function _checkOutput(bytes32 id, ArtifactKind kind, Output[] calldata outputs) private pure {
        if (outputs.length > MAX_OUTPUTS) revert OutputCount(outputs.length, MAX_OUTPUTS);
        for (uint256 i = 0; i < outputs.length; i++) {
            if (outputs[i].id == id && outputs[i].kind == kind) return;
        }
        revert NotAnOutput(id, kind);
    }

    function _checkJob(address publisher, bytes32[] calldata parents, Job calldata job) private view {
        if (!_registry().isProvider(job.runner)) revert UnknownRunner(job.runner);
        bytes32 digest = getJobResultDigest(job.declaration, publisher, job.runner, parents, job.outputs);
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, job.signature);
        if (failure != ECDSA.RecoverError.NoError || !_registry().isReceiptSigner(job.runner, signer)) {
            revert InvalidJobSignature(job.runner);
        }
    }

    function _checkDistinct(bytes32[] calldata parents, uint256 index) private pure {
        for (uint256 i = 0; i < index; i++) if (parents[i] == parents[index]) revert RepeatedParent(parents[i]);
    }

    /// @dev What the publisher promised to a parent's owner by the right that it used. Without the right to
    /// download, the job must have run where the data is: at its owner's or a custodian's.
    function _royaltyTo(bytes32 parent, address publisher, ArtifactKind kind, Job calldata job)
        private
        view
        returns (uint16 royalty)
    {
        if (_registry().ownerOf(parent) == address(0)) revert UnknownArtifact(parent);
        uint8 purposes = kind == ArtifactKind.Model ? Purposes.DERIVE | Purposes.TRAIN : Purposes.DERIVE;
        bool has;
        (has, royalty) = _licences().rightFor(publisher, parent, purposes, job.declaration);
        if (!has) revert RightMissing(publisher, parent, purposes);
        if (_licences().isCustodian(parent, job.runner)) return royalty;
        (has,) = _licences().rightFor(publisher, parent, Purposes.DOWNLOAD, job.declaration);
        if (!has) revert NotForDownload(parent, job.runner);
    }

    /// @return added What the table's sum grew by.
    function _inherit(bytes32 id, bytes32 parent, uint16 royalty) private returns (uint256 added) {
        bytes32[] storage ancestors = _payees[parent];
        uint256 count = ancestors.length;
        for (uint256 i = 0; i < count; i++) added += _raise(id, ancestors[i], shareOf[parent][ancestors[i]]);
        added += _raise(id, parent, royalty);
    }

    function _raise(bytes32 id, bytes32 ancestor, uint16 share) private returns (uint256) {
        uint16 before = shareOf[id][ancestor];
        if (share <= before) return 0;
        if (before == 0) _payees[id].push(ancestor);
        shareOf[id][ancestor] = share;
        return share - before;
    }

    function _registry() private pure returns (IRegistry) {
        return IRegistry(Predeploys.REGISTRY);
    }

    function _licences() private pure returns (ILicences) {
        return ILicences(Predeploys.LICENCES);
    }
}
