// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Predeploys} from "../Predeploys.sol";
import {ILineage} from "./ILineage.sol";
import {IRegistry} from "./IRegistry.sol";
import {ISplitter} from "./ISplitter.sol";
import {Till} from "./Till.sol";

/// @notice Shares income among accounts and artifacts. A split is named by its content, so it cannot
/// change. Payees fetch what is theirs when they like, from many splits at once; none waits for another.
///
/// A payee is a word: an account's address, or an artifact's id, whose owner at that moment is paid.
/// What a payee may have had in total is floor(received * share / 10000), whenever it is fetched. The
/// roundings, less than one atomic unit per payee, stay in the split and are shared as more comes in.
contract Splitter is ISplitter, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// The income of an artifact: each ancestor has its share by the lineage, the artifact's owner has
    /// `royalty`, and `rest` has the rest. Where `rest` is zero the artifact's owner has it.
    struct LineageSplit {
        bytes32 artifact;
        address rest;
        uint16 royalty;
    }

    event PayeeAdded(bytes32 indexed splitId, bytes32 indexed payee, uint16 share);
    event LineageSplitCreated(bytes32 indexed splitId, bytes32 indexed artifact, address indexed rest, uint16 royalty);
    event Paid(bytes32 indexed splitId, address indexed token, address indexed from, uint256 amount);
    event Withdrawn(
        bytes32 indexed splitId, address indexed token, bytes32 indexed payee, address account, uint256 amount
    );

    error InvalidPayeeCount(uint256 payees, uint256 shares, uint256 maximum);
    error ZeroShare(bytes32 payee);
    error PayeesNotAscending(bytes32 payee);
    error SharesNotWhole(uint256 sum);
    error SharesExceedWhole(uint256 sum);
    error UnknownPayee(bytes32 payee);
    error UnknownSplit(bytes32 splitId);
    error ZeroAmount();
    error PaymentMismatch(uint256 expected, uint256 received);

    uint256 public constant MAX_PAYEES = 64;
    uint256 public constant WHOLE = 10_000;

    mapping(bytes32 splitId => mapping(bytes32 payee => uint16)) private _shares;
    mapping(bytes32 splitId => bytes32[]) private _payees;
    mapping(bytes32 splitId => LineageSplit) private _lineages;
    mapping(bytes32 splitId => mapping(address token => uint256)) public received;
    mapping(bytes32 splitId => mapping(address token => mapping(bytes32 payee => uint256))) public withdrawn;

    bytes32 private immutable _tillCodeHash = keccak256(type(Till).creationCode);

    /// @notice Makes a split known; once is enough, again is no error.
    /// @param payees Ascending, so that each is there once and one split has one id.
    /// @param shares Basis points, 10000 together.
    function createSplit(bytes32[] calldata payees, uint16[] calldata shares) external returns (bytes32 splitId) {
        if (payees.length == 0 || payees.length > MAX_PAYEES || payees.length != shares.length) {
            revert InvalidPayeeCount(payees.length, shares.length, MAX_PAYEES);
        }
        splitId = getSplitId(payees, shares);
        if (_payees[splitId].length != 0) return splitId;
        uint256 sum;
        bytes32 previous;
        for (uint256 i = 0; i < payees.length; i++) {
            if (payees[i] <= previous) revert PayeesNotAscending(payees[i]);
            if (shares[i] == 0) revert ZeroShare(payees[i]);
            previous = payees[i];
            accountOf(previous);
            sum += shares[i];
            _shares[splitId][previous] = shares[i];
            emit PayeeAdded(splitId, previous, shares[i]);
        }
        if (sum != WHOLE) revert SharesNotWhole(sum);
        _payees[splitId] = payees;
    }

    /// @inheritdoc ISplitter
    function createLineageSplit(bytes32 artifact, uint16 royalty, address rest) external returns (bytes32 splitId) {
        splitId = getLineageSplitId(artifact, royalty, rest);
        if (_lineages[splitId].artifact != 0) return splitId;
        accountOf(artifact);
        uint256 sum = uint256(_lineage().totalOf(artifact)) + royalty;
        if (sum > WHOLE) revert SharesExceedWhole(sum);
        _lineages[splitId] = LineageSplit(artifact, rest, royalty);
        emit LineageSplitCreated(splitId, artifact, rest, royalty);
    }

    /// @inheritdoc ISplitter
    function pay(bytes32 splitId, address token, uint256 amount) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 arrived = _takeIn(splitId, token, before, msg.sender);
        if (arrived != amount) revert PaymentMismatch(amount, arrived);
    }

    /// @notice Brings what lies in a split's till into the split. Anyone may send it.
    function collect(bytes32 splitId, address token) external nonReentrant returns (uint256 amount) {
        address till = tillOf(splitId);
        if (till.code.length == 0) new Till{salt: splitId}();
        uint256 before = IERC20(token).balanceOf(address(this));
        Till(till).sweep(IERC20(token));
        return _takeIn(splitId, token, before, till);
    }

    /// @notice Pays a payee what these splits owe it, in one transfer. Anyone may send it; nothing owed is
    /// no error.
    function withdraw(bytes32[] calldata splitIds, address token, bytes32 payee)
        external
        nonReentrant
        returns (uint256 amount)
    {
        address account = accountOf(payee);
        for (uint256 i = 0; i < splitIds.length; i++) {
            uint256 part = owed(splitIds[i], token, payee);
            if (part == 0) continue;
            withdrawn[splitIds[i]][token][payee] += part;
            amount += part;
            emit Withdrawn(splitIds[i], token, payee, account, part);
        }
        if (amount != 0) IERC20(token).safeTransfer(account, amount);
    }

    function owed(bytes32 splitId, address token, bytes32 payee) public view returns (uint256) {
        uint256 entitled = received[splitId][token] * shareOf(splitId, payee) / WHOLE;
        return entitled - withdrawn[splitId][token][payee];
    }

    /// @notice A payee's share in basis points.
    function shareOf(bytes32 splitId, bytes32 payee) public view returns (uint256) {
        LineageSplit memory split = _lineages[splitId];
        if (split.artifact == 0) return _shares[splitId][payee];
        bytes32 rest = split.rest == address(0) ? split.artifact : payeeOf(split.rest);
        uint256 share = payee == split.artifact ? split.royalty : _lineage().shareOf(split.artifact, payee);
        return payee == rest ? share + WHOLE - _lineage().totalOf(split.artifact) - split.royalty : share;
    }

    /// @notice Who shares, and with how much each; those without a share are left out.
    function payeesOf(bytes32 splitId) external view returns (bytes32[] memory payees, uint256[] memory shares) {
        LineageSplit memory split = _lineages[splitId];
        payees = split.artifact == 0 ? _payees[splitId] : _lineagePayees(split);
        shares = new uint256[](payees.length);
        for (uint256 i = 0; i < payees.length; i++) shares[i] = shareOf(splitId, payees[i]);
    }

    function lineageSplit(bytes32 splitId) external view returns (LineageSplit memory) {
        return _lineages[splitId];
    }

    /// @inheritdoc ISplitter
    function isLineageSplit(bytes32 splitId) external view returns (bool) {
        return _lineages[splitId].artifact != 0;
    }

    /// @notice The address where payers may send a split's income.
    function tillOf(bytes32 splitId) public view returns (address) {
        return Create2.computeAddress(splitId, _tillCodeHash);
    }

    /// @notice Who is paid for a payee now.
    function accountOf(bytes32 payee) public view returns (address account) {
        account = uint256(payee) <= type(uint160).max
            ? address(uint160(uint256(payee)))
            : IRegistry(Predeploys.REGISTRY).ownerOf(payee);
        if (account == address(0)) revert UnknownPayee(payee);
    }

    function payeeOf(address account) public pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    function getSplitId(bytes32[] calldata payees, uint16[] calldata shares) public pure returns (bytes32) {
        return keccak256(abi.encode(payees, shares));
    }

    function getLineageSplitId(bytes32 artifact, uint16 royalty, address rest) public pure returns (bytes32) {
        return keccak256(abi.encode(artifact, royalty, rest));
    }

    function _takeIn(bytes32 splitId, address token, uint256 before, address from) private returns (uint256 amount) {
        if (_payees[splitId].length == 0 && _lineages[splitId].artifact == 0) revert UnknownSplit(splitId);
        amount = IERC20(token).balanceOf(address(this)) - before;
        if (amount == 0) return 0;
        received[splitId][token] += amount;
        emit Paid(splitId, token, from, amount);
    }

    /// @dev The ancestors, then the artifact and who has the rest, as far as they have a share.
    function _lineagePayees(LineageSplit memory split) private view returns (bytes32[] memory payees) {
        bytes32[] memory ancestors = _lineage().payeesOf(split.artifact);
        uint256 rest = WHOLE - _lineage().totalOf(split.artifact) - split.royalty;
        bool isOwn = split.rest == address(0);
        bool hasOwner = split.royalty != 0 || (isOwn && rest != 0);
        bool hasRest = !isOwn && rest != 0;
        payees = new bytes32[](ancestors.length + (hasOwner ? 1 : 0) + (hasRest ? 1 : 0));
        for (uint256 i = 0; i < ancestors.length; i++) payees[i] = ancestors[i];
        if (hasOwner) payees[ancestors.length] = split.artifact;
        if (hasRest) payees[payees.length - 1] = payeeOf(split.rest);
    }

    function _lineage() private pure returns (ILineage) {
        return ILineage(Predeploys.LINEAGE);
    }
}
