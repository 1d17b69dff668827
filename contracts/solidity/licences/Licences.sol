// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {ILicences} from "./ILicences.sol";
import {Holding} from "./LicenceTypes.sol";
import {Purchases} from "./Purchases.sol";

/// @notice Licences to artifacts: offers, rights, purchases, and here the delivery of content keys. The
/// owner or a custodian that it named posts the key, wrapped to the holder's public key; so an owner
/// may be offline. What was delivered cannot be unsent: revocation ends what comes later.
contract Licences is Purchases {
    using EnumerableSet for EnumerableSet.AddressSet;

    event CustodianChanged(bytes32 indexed artifact, address indexed owner, address indexed custodian, bool isNamed);
    event KeyRotated(bytes32 indexed artifact, uint32 indexed version, bytes32 commitment);
    event KeyDelivered(
        uint256 indexed id, address indexed holder, uint32 indexed version, address sender, bytes envelope
    );

    error NotCustodian(bytes32 artifact, address caller);
    error TooManyCustodians(uint256 maximum);
    error NoPublicKey(uint256 id, address holder);
    error EnvelopeSize(uint256 size, uint256 maximum);

    uint256 public constant MAX_CUSTODIANS = 16;
    uint256 public constant MAX_ENVELOPE = 1024;

    /// @dev By owner too: who buys an artifact names its own.
    mapping(bytes32 artifact => mapping(address owner => EnumerableSet.AddressSet)) private _custodians;
    /// @notice How often an artifact's content key was changed.
    mapping(bytes32 artifact => uint32) public keyVersion;

    /// @notice Names an account that keeps the artifact and its key, and delivers for the owner.
    function setCustodian(bytes32 artifact, address custodian, bool isNamed) external {
        _requireOwner(artifact);
        EnumerableSet.AddressSet storage custodians = _custodians[artifact][msg.sender];
        if (isNamed) custodians.add(custodian);
        else custodians.remove(custodian);
        if (custodians.length() > MAX_CUSTODIANS) revert TooManyCustodians(MAX_CUSTODIANS);
        emit CustodianChanged(artifact, msg.sender, custodian, isNamed);
    }

    /// @notice Says that the artifact's next versions have another content key.
    /// @param commitment Hash of the key, by which a holder knows the right one.
    function rotateKey(bytes32 artifact, bytes32 commitment) external {
        _requireOwner(artifact);
        emit KeyRotated(artifact, ++keyVersion[artifact], commitment);
    }

    /// @notice Delivers the content key to a right's holder, by the owner or a custodian. The first delivery
    /// releases the price that was held for it.
    /// @param envelope The content key, wrapped to the holder's public key.
    function deliverKey(uint256 id, address holder, bytes calldata envelope) external nonReentrant {
        bytes32 artifact = _offers[id].artifact;
        if (!isCustodian(artifact, msg.sender)) revert NotCustodian(artifact, msg.sender);
        if (envelope.length == 0 || envelope.length > MAX_ENVELOPE) revert EnvelopeSize(envelope.length, MAX_ENVELOPE);
        Holding storage held = _holdings[id][holder];
        if (held.keyDueAt == 0 && block.timestamp >= held.expiresAt) revert NoRight(id, holder);
        if (held.publicKey == 0) revert NoPublicKey(id, holder);
        emit KeyDelivered(id, holder, keyVersion[artifact], msg.sender, envelope);
        _release(id, holder);
    }

    function custodiansOf(bytes32 artifact) external view returns (address[] memory) {
        return _custodians[artifact][_registry().ownerOf(artifact)].values();
    }

    /// @inheritdoc ILicences
    /// @dev The owner is one.
    function isCustodian(bytes32 artifact, address account) public view returns (bool) {
        address owner = _registry().ownerOf(artifact);
        if (owner == address(0)) return false;
        return account == owner || _custodians[artifact][owner].contains(account);
    }
}
