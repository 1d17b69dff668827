// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILineage} from "../market/ILineage.sol";
import {IRegistry} from "../market/IRegistry.sol";
import {Predeploys} from "../Predeploys.sol";
import {ILicences} from "./ILicences.sol";
import {Offer, Terms} from "./LicenceTypes.sol";
import {Purposes} from "./Purposes.sol";

/// @notice What owners offer. An offer's id is the id of the rights that it sells.
abstract contract Offers is ILicences {
    event OfferOpened(uint256 indexed id, bytes32 indexed artifact, uint256 version, Terms terms);
    event OfferClosed(uint256 indexed id, bytes32 indexed artifact);
    event BuyerListed(uint256 indexed id, address indexed account, bool isListed);

    error NotOwner(bytes32 artifact, address caller);
    error InvalidTerms(string field);
    error UnknownOffer(uint256 id);
    error OfferIsClosed(uint256 id);
    error NotListed(uint256 id, address account);

    /// @inheritdoc ILicences
    mapping(bytes32 artifact => uint256) public offerCount;
    mapping(uint256 id => mapping(address account => bool)) public isListed;
    mapping(uint256 id => Offer) internal _offers;

    /// @notice Offers an artifact of the caller under these terms; several offers can be open at once.
    function openOffer(bytes32 artifact, Terms calldata terms) external returns (uint256 id) {
        _requireOwner(artifact);
        _checkTerms(artifact, terms);
        uint256 version = ++offerCount[artifact];
        id = offerId(artifact, version);
        _offers[id] = Offer(artifact, true, terms);
        emit OfferOpened(id, artifact, version, terms);
    }

    /// @notice Sells no more under an offer. Rights that were sold stay as they are.
    function closeOffer(uint256 id) external {
        bytes32 artifact = _offers[id].artifact;
        _requireOwner(artifact);
        if (!_offers[id].open) revert OfferIsClosed(id);
        _offers[id].open = false;
        emit OfferClosed(id, artifact);
    }

    /// @notice Says who may buy under an offer that is not for all.
    function listBuyer(uint256 id, address account, bool listed) external {
        _requireOwner(_offers[id].artifact);
        isListed[id][account] = listed;
        emit BuyerListed(id, account, listed);
    }

    function offer(uint256 id) external view returns (Offer memory) {
        return _offers[id];
    }

    /// @notice The id of an artifact's offer; versions count from 1.
    function offerId(bytes32 artifact, uint256 version) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(artifact, version)));
    }

    function _requireOwner(bytes32 artifact) internal view {
        if (_registry().ownerOf(artifact) != msg.sender) revert NotOwner(artifact, msg.sender);
    }

    function _requireBuyable(uint256 id, address account) internal view returns (Offer storage found) {
        found = _offers[id];
        if (found.artifact == 0) revert UnknownOffer(id);
        if (!found.open) revert OfferIsClosed(id);
        if (found.terms.listed && !isListed[id][account]) revert NotListed(id, account);
    }

    function _registry() internal pure returns (IRegistry) {
        return IRegistry(Predeploys.REGISTRY);
    }

    /// @dev A royalty that no derivation could pay beside the artifact's own ancestors is refused here.
    function _checkTerms(bytes32 artifact, Terms calldata terms) private view {
        if (terms.purposes == 0 || terms.purposes > Purposes.ALL) revert InvalidTerms("purposes");
        if (uint256(terms.royalty) + ILineage(Predeploys.LINEAGE).totalOf(artifact) > 10_000) {
            revert InvalidTerms("royalty");
        }
        if (terms.token == address(0)) revert InvalidTerms("token");
        if (terms.duration > 100 * 365 days) revert InvalidTerms("duration");
        if (terms.keyWithin > 30 days) revert InvalidTerms("keyWithin");
        if (terms.revocable && terms.duration == 0 && !terms.perUse) revert InvalidTerms("revocable");
    }
}
