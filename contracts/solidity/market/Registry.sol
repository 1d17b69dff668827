// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Predeploys} from "../Predeploys.sol";
import {ILineage, Job} from "./ILineage.sol";
import {ArtifactKind, IRegistry} from "./IRegistry.sol";
import {ISplitter} from "./ISplitter.sol";

/// @notice Who offers what, made from what, at which price. Nothing is ever deleted, so what a receipt
/// names can always be looked up. Each entry is written by its owner only, with all of it in an event.
contract Registry is IRegistry {

    /// How an answer can be checked: by the signature alone, or by running the same bits again.
    enum Verification {
        Signed,
        Deterministic
    }

    struct Provider {
        bool exists;
        string endpoint;
        /// The key that signs receipts today; earlier ones stay valid until revoked.
        address receiptSigner;
    }

    struct Artifact {
        address owner;
        ArtifactKind kind;
        uint64 publishedAt;
        string cid;
        /// A URI or hash of the licence.
        string terms;
        bytes32[] parents;
    }

    struct Price {
        address token;
        /// Atomic units of the token for `unitSize` units of input and of output, and for a call as such.
        uint128 input;
        uint128 output;
        uint128 call;
        uint64 unitSize;
        /// What is counted, as "token".
        string unit;
    }

    struct Service {
        address provider;
        bool active;
        Verification verification;
        bytes32 artifact;
        /// What an answer can be reproduced with; zero where that is not promised.
        bytes32 runtimeId;
        /// Who shares the income (an id of the Splitter); zero: the provider keeps it.
        bytes32 split;
        Price price;
        string name;
    }

    event ProviderRegistered(address indexed provider, string endpoint, address receiptSigner);
    event ReceiptSignerRevoked(address indexed provider, address indexed signer);
    event ArtifactPublished(
        bytes32 indexed id, address indexed owner, ArtifactKind indexed kind, string cid, string terms, bytes32[] parents
    );
    event ArtifactTermsChanged(bytes32 indexed id, string terms);
    event ArtifactTransferred(bytes32 indexed id, address indexed from, address indexed to);
    event ServiceRegistered(bytes32 indexed id, address indexed provider, bytes32 indexed artifact, Service service);
    event ServiceChanged(bytes32 indexed id, bool active, Price price, bytes32 split);

    error AlreadyExists(bytes32 id);
    error UnknownArtifact(bytes32 id);
    error UnknownService(bytes32 id);
    error UnknownProvider(address provider);
    error NotOwner(bytes32 id, address caller, address owner);
    error TextLength(string field, uint256 length, uint256 maximum);
    error ZeroValue(string field);
    error CurrentReceiptSigner(address signer);
    error SplitFixed(bytes32 id, bytes32 split);

    uint256 public constant MAX_TEXT = 256;

    mapping(address provider => Provider) private _providers;
    mapping(address provider => mapping(address signer => bool)) private _receiptSigners;
    mapping(bytes32 id => Artifact) private _artifacts;
    mapping(bytes32 id => Service) private _services;

    /// @notice Registers the caller as a provider, or changes its entry.
    function registerProvider(string calldata endpoint, address receiptSigner) external {
        _checkText("endpoint", endpoint);
        if (receiptSigner == address(0)) revert ZeroValue("receiptSigner");
        _providers[msg.sender] = Provider(true, endpoint, receiptSigner);
        _receiptSigners[msg.sender][receiptSigner] = true;
        emit ProviderRegistered(msg.sender, endpoint, receiptSigner);
    }

    /// @notice Makes a former key's receipts invalid, as after a theft.
    function revokeReceiptSigner(address signer) external {
        if (_providers[msg.sender].receiptSigner == signer) revert CurrentReceiptSigner(signer);
        _receiptSigners[msg.sender][signer] = false;
        emit ReceiptSignerRevoked(msg.sender, signer);
    }

    /// @notice Publishes an artifact that is made of nothing else here, once: its id is keccak256 of its
    /// CID's text.
    function publishArtifact(string calldata cid, ArtifactKind kind, string calldata terms)
        external
        returns (bytes32 id)
    {
        id = _publish(cid, kind, terms, new bytes32[](0));
    }

    /// @notice Publishes what a job made of `parents`, its inputs in order. The caller needs the right to
    /// each, and the runner's signature; what its owner then owes to theirs is fixed for good.
    function publishDerived(
        string calldata cid,
        ArtifactKind kind,
        string calldata terms,
        bytes32[] calldata parents,
        Job calldata job
    ) external returns (bytes32 id) {
        // Before it is there, so that it cannot be its own parent.
        ILineage(Predeploys.LINEAGE).record(keccak256(bytes(cid)), msg.sender, kind, parents, job);
        id = _publish(cid, kind, terms, parents);
    }

    function setArtifactTerms(bytes32 id, string calldata terms) external {
        if (bytes(terms).length > MAX_TEXT) revert TextLength("terms", bytes(terms).length, MAX_TEXT);
        _ownArtifact(id).terms = terms;
        emit ArtifactTermsChanged(id, terms);
    }

    function transferArtifact(bytes32 id, address to) external {
        if (to == address(0)) revert ZeroValue("to");
        _ownArtifact(id).owner = to;
        emit ArtifactTransferred(id, msg.sender, to);
    }

    /// @notice Registers a service of the caller. Its id is serviceId(caller, artifact, name). Where the
    /// artifact's owner or its lineage has a share, that split is the service's, and `split` is it or zero.
    function registerService(
        string calldata name,
        bytes32 artifactId,
        bytes32 runtimeId,
        Verification verification,
        Price calldata price_,
        bytes32 split
    ) external returns (bytes32 id) {
        if (!_providers[msg.sender].exists) revert UnknownProvider(msg.sender);
        if (_artifacts[artifactId].owner == address(0)) revert UnknownArtifact(artifactId);
        _checkText("name", name);
        _checkPrice(price_);
        id = serviceId(msg.sender, artifactId, name);
        bytes32 due = ILineage(Predeploys.LINEAGE).openServiceSplit(artifactId, msg.sender);
        if (due != 0 && split != 0 && split != due) revert SplitFixed(id, due);
        if (_services[id].provider != address(0)) revert AlreadyExists(id);
        Service storage entry = _services[id];
        entry.provider = msg.sender;
        entry.active = true;
        entry.verification = verification;
        entry.artifact = artifactId;
        entry.runtimeId = runtimeId;
        entry.split = due == 0 ? split : due;
        entry.price = price_;
        entry.name = name;
        emit ServiceRegistered(id, msg.sender, artifactId, entry);
    }

    /// @notice Changes what may change of a service: its price, whether it is offered, and who shares,
    /// unless a lineage fixed that.
    function changeService(bytes32 id, bool active, Price calldata price_, bytes32 split) external {
        Service storage entry = _services[id];
        if (entry.provider == address(0)) revert UnknownService(id);
        if (entry.provider != msg.sender) revert NotOwner(id, msg.sender, entry.provider);
        _checkPrice(price_);
        if (ISplitter(Predeploys.SPLITTER).isLineageSplit(entry.split)) {
            if (split != 0 && split != entry.split) revert SplitFixed(id, entry.split);
        } else {
            entry.split = split;
        }
        entry.active = active;
        entry.price = price_;
        emit ServiceChanged(id, active, price_, entry.split);
    }

    function provider(address account) external view returns (Provider memory) {
        return _providers[account];
    }

    function artifact(bytes32 id) external view returns (Artifact memory) {
        return _artifacts[id];
    }

    /// @inheritdoc IRegistry
    function ownerOf(bytes32 id) external view returns (address) {
        return _artifacts[id].owner;
    }

    /// @inheritdoc IRegistry
    function cidOf(bytes32 id) external view returns (string memory) {
        return _artifacts[id].cid;
    }

    /// @inheritdoc IRegistry
    function isProvider(address account) external view returns (bool) {
        return _providers[account].exists;
    }

    function service(bytes32 id) external view returns (Service memory) {
        return _services[id];
    }

    /// @inheritdoc IRegistry
    function isReceiptSigner(address account, address signer) external view returns (bool) {
        return signer == account || _receiptSigners[account][signer];
    }

    function serviceId(address account, bytes32 artifactId, string calldata name) public pure returns (bytes32) {
        return keccak256(abi.encode(account, artifactId, name));
    }

    function _publish(string calldata cid, ArtifactKind kind, string calldata terms, bytes32[] memory parents)
        private
        returns (bytes32 id)
    {
        _checkText("cid", cid);
        if (bytes(terms).length > MAX_TEXT) revert TextLength("terms", bytes(terms).length, MAX_TEXT);
        id = keccak256(bytes(cid));
        if (_artifacts[id].owner != address(0)) revert AlreadyExists(id);
        _artifacts[id] = Artifact(msg.sender, kind, uint64(block.timestamp), cid, terms, parents);
        emit ArtifactPublished(id, msg.sender, kind, cid, terms, parents);
    }

    function _ownArtifact(bytes32 id) private view returns (Artifact storage entry) {
        entry = _artifacts[id];
        if (entry.owner == address(0)) revert UnknownArtifact(id);
        if (entry.owner != msg.sender) revert NotOwner(id, msg.sender, entry.owner);
    }

    function _checkPrice(Price calldata price_) private pure {
        if (price_.token == address(0)) revert ZeroValue("token");
        if (price_.unitSize == 0) revert ZeroValue("unitSize");
        _checkText("unit", price_.unit);
    }

    function _checkText(string memory field, string calldata text) private pure {
        uint256 length = bytes(text).length;
        if (length == 0 || length > MAX_TEXT) revert TextLength(field, length, MAX_TEXT);
    }
}
