// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {ILicences} from "./ILicences.sol";
import {Holding, Offer, Terms} from "./LicenceTypes.sol";
import {Offers} from "./Offers.sol";

/// @notice Rights to artifacts as ERC-1155 tokens. The balance is 1, or the uses that are left. A right
/// moves whole, where its terms allow it, to an account that has none of its kind.
abstract contract Rights is ERC1155(""), Offers {
    using EnumerableSet for EnumerableSet.UintSet;

    event RightEnded(uint256 indexed id, address indexed holder);
    event Used(uint256 indexed id, address indexed holder, bytes32 indexed useId, bytes32 artifact);
    event PublicKeySet(uint256 indexed id, address indexed holder, bytes32 publicKey);

    error NotTransferable(uint256 id);
    error MovesWhole(uint256 id, uint256 balance);
    error AlreadyHeld(uint256 id, address holder);
    error NoRight(uint256 id, address holder);
    error KeyPending(uint256 id, address holder);
    error TooManyRights(bytes32 artifact, address holder, uint256 maximum);
    error NotPerUse(uint256 id);
    error NoUseId();
    error AlreadyUsed(bytes32 artifact, address holder, bytes32 useId);
    error NotHolder(uint256 id, address holder, address caller);

    /// @notice Rights to one artifact that an account can hold; what checks a right looks at each.
    uint256 public constant MAX_RIGHTS = 16;

    mapping(uint256 id => mapping(address holder => Holding)) internal _holdings;
    mapping(address holder => mapping(bytes32 artifact => EnumerableSet.UintSet)) private _rights;
    /// @dev The right that was spent for a named use.
    mapping(bytes32 use => uint256 id) private _spent;

    /// @inheritdoc ILicences
    function hasRight(address account, bytes32 artifact, uint8 purposes) external view returns (bool) {
        if (_registry().ownerOf(artifact) == account) return account != address(0);
        EnumerableSet.UintSet storage ids = _rights[account][artifact];
        for (uint256 i = 0; i < ids.length(); i++) {
            uint256 id = ids.at(i);
            if (_offers[id].terms.purposes & purposes != 0 && _counts(_holdings[id][account])) return true;
        }
        return false;
    }

    /// @inheritdoc ILicences
    function rightFor(address account, bytes32 artifact, uint8 purposes, bytes32 useId)
        external
        view
        returns (bool has, uint16 royalty)
    {
        if (_registry().ownerOf(artifact) == account) return (account != address(0), 0);
        Terms storage spent = _offers[_spent[_use(account, artifact, useId)]].terms;
        if (spent.purposes & purposes != 0) (has, royalty) = (true, spent.royalty);
        EnumerableSet.UintSet storage ids = _rights[account][artifact];
        for (uint256 i = 0; i < ids.length(); i++) {
            uint256 id = ids.at(i);
            Terms storage terms = _offers[id].terms;
            if (terms.purposes & purposes == 0 || terms.perUse || !_counts(_holdings[id][account])) continue;
            if (!has || terms.royalty < royalty) (has, royalty) = (true, terms.royalty);
        }
    }

    /// @notice The rights to an artifact that an account holds, those that are over included.
    function rightsOf(address account, bytes32 artifact) external view returns (uint256[] memory) {
        return _rights[account][artifact].values();
    }

    function holding(uint256 id, address holder) external view returns (Holding memory) {
        return _holdings[id][holder];
    }

    /// @notice Spends one use of the caller's right for what `useId` names, as a job's declaration or
    /// a download. That use then counts as a right for it, whatever comes later.
    function spend(uint256 id, bytes32 useId) external {
        Offer storage found = _offers[id];
        if (!found.terms.perUse) revert NotPerUse(id);
        if (useId == 0) revert NoUseId();
        if (balanceOf(msg.sender, id) == 0 || !_counts(_holdings[id][msg.sender])) revert NoRight(id, msg.sender);
        bytes32 use = _use(msg.sender, found.artifact, useId);
        if (_spent[use] != 0) revert AlreadyUsed(found.artifact, msg.sender, useId);
        _spent[use] = id;
        _burn(msg.sender, id, 1);
        emit Used(id, msg.sender, useId, found.artifact);
    }

    /// @notice Whether an account spent a use of an artifact for what `useId` names.
    function isSpent(address account, bytes32 artifact, bytes32 useId) external view returns (bool) {
        return _spent[_use(account, artifact, useId)] != 0;
    }

    /// @notice Sets the key that content keys are wrapped to from now on, by the right's holder.
    function setPublicKey(uint256 id, bytes32 publicKey) external {
        if (balanceOf(msg.sender, id) == 0) revert NoRight(id, msg.sender);
        _holdings[id][msg.sender].publicKey = publicKey;
        emit PublicKeySet(id, msg.sender, publicKey);
    }

    /// @notice Ends a right: its holder's own, or any that is over.
    function discard(uint256 id, address holder) external {
        Holding storage held = _holdings[id][holder];
        if (held.keyDueAt != 0) revert KeyPending(id, holder);
        if (msg.sender != holder && block.timestamp < held.expiresAt) revert NotHolder(id, holder, msg.sender);
        _end(id, holder);
    }

    /// @notice Where the artifact is.
    function uri(uint256 id) public view override returns (string memory) {
        return string.concat("ipfs://", _registry().cidOf(_offers[id].artifact));
    }

    function _end(uint256 id, address holder) internal {
        uint256 balance = balanceOf(holder, id);
        if (balance == 0) revert NoRight(id, holder);
        _burn(holder, id, balance);
        delete _holdings[id][holder];
        emit RightEnded(id, holder);
    }

    /// @dev A right counts once it is paid, or its key has come, until it is over.
    function _counts(Holding storage held) internal view returns (bool) {
        return held.keyDueAt == 0 && block.timestamp < held.expiresAt;
    }

    /// @dev Without a call to the receiver: buying is consent enough, and accounts with code buy too.
    function _mintQuietly(address holder, uint256 id, uint256 amount) internal {
        uint256[] memory ids = new uint256[](1);
        uint256[] memory amounts = new uint256[](1);
        (ids[0], amounts[0]) = (id, amount);
        _update(address(0), holder, ids, amounts);
    }

    function _update(address from, address to, uint256[] memory ids, uint256[] memory amounts) internal override {
        if (from != address(0) && to != address(0)) {
            for (uint256 i = 0; i < ids.length; i++) _checkMove(from, to, ids[i], amounts[i]);
        }
        super._update(from, to, ids, amounts);
        for (uint256 i = 0; i < ids.length; i++) {
            bytes32 artifact = _offers[ids[i]].artifact;
            if (from != address(0) && balanceOf(from, ids[i]) == 0) _rights[from][artifact].remove(ids[i]);
            if (to == address(0) || balanceOf(to, ids[i]) == 0) continue;
            _rights[to][artifact].add(ids[i]);
            if (_rights[to][artifact].length() > MAX_RIGHTS) revert TooManyRights(artifact, to, MAX_RIGHTS);
            if (from == address(0)) continue;
            _holdings[ids[i]][to].expiresAt = _holdings[ids[i]][from].expiresAt;
            delete _holdings[ids[i]][from];
        }
    }

    function _checkMove(address from, address to, uint256 id, uint256 amount) private view {
        if (!_offers[id].terms.transferable) revert NotTransferable(id);
        uint256 balance = balanceOf(from, id);
        if (balance == 0) revert NoRight(id, from);
        if (amount != balance) revert MovesWhole(id, balance);
        if (balanceOf(to, id) != 0) revert AlreadyHeld(id, to);
        if (_holdings[id][from].keyDueAt != 0) revert KeyPending(id, from);
    }

    function _use(address account, bytes32 artifact, bytes32 useId) private pure returns (bytes32) {
        return keccak256(abi.encode(account, artifact, useId));
    }
}
