// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IReceiveWithAuthorization} from "../credit/IReceiveWithAuthorization.sol";
import {ISplitter} from "../market/ISplitter.sol";
import {Predeploys} from "../Predeploys.sol";
import {Signatures} from "../Signatures.sol";
import {ChannelConfig, Voucher, VoucherClaim} from "../x402/ChannelTypes.sol";
import {IX402Settlement} from "../x402/IX402Settlement.sol";
import {ISessionKeys} from "../x402/ISessionKeys.sol";
import {Authorization, Holding, Offer, Order, Terms} from "./LicenceTypes.sol";
import {Rights} from "./Rights.sol";

/// @notice Money for rights, in one step: no right without its price, no price without its right. What is
/// paid is the artifact's income, shared by its lineage like any other. Where a content key is awaited,
/// the price is held here until it comes.
abstract contract Purchases is Rights, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    event RightBought(
        uint256 indexed id,
        bytes32 indexed artifact,
        address indexed holder,
        uint32 quantity,
        uint256 paid,
        uint40 expiresAt,
        uint40 keyDueAt,
        bytes32 publicKey
    );
    event Reclaimed(uint256 indexed id, address indexed holder, uint256 amount);
    event Revoked(uint256 indexed id, address indexed holder, uint256 refund);

    error InvalidQuantity(uint32 quantity);
    error PaymentMismatch(uint256 expected, uint256 received);
    error NotOurChannel(bytes32 channelId);
    error NotPayer(bytes32 channelId, address caller);
    error WrongToken(address given, address expected);
    error NothingToPay(uint256 id);
    error OutOfScope(bytes32 channelId, bytes32 scope);
    error WrongCumulative(uint128 given, uint256 expected);
    error InvalidOrderSignature(address signer);
    error NothingHeld(uint256 id, address holder);
    error KeyNotDue(uint256 id, address holder, uint40 keyDueAt);
    error NotRevocable(uint256 id);

    bytes32 public constant CHANNEL_ORDER_TYPEHASH = keccak256(
        "ChannelOrder(bytes32 channelId,uint128 cumulative,uint256 id,address holder,uint32 quantity,bytes32 publicKey)"
    );

    constructor() EIP712("Quoin Licences", "1") {}

    /// @notice Buys for the caller, from its allowance.
    function buy(Order calldata order) external nonReentrant {
        if (msg.sender != order.holder) revert NotHolder(order.id, order.holder, msg.sender);
        (Offer storage found, uint256 price) = _begin(order);
        uint256 before = _balance(found.terms.token);
        if (price != 0) IERC20(found.terms.token).safeTransferFrom(msg.sender, address(this), price);
        _finish(order, found, price, before);
    }

    /// @notice Buys for a holder that signed an EIP-3009 authorization to this contract over the price, with
    /// `orderNonce` as its nonce. Anyone may send it.
    function buyWithAuthorization(Order calldata order, Authorization calldata authorization) external nonReentrant {
        (Offer storage found, uint256 price) = _begin(order);
        uint256 before = _balance(found.terms.token);
        IReceiveWithAuthorization(found.terms.token).receiveWithAuthorization(
            order.holder,
            address(this),
            price,
            authorization.validAfter,
            authorization.validBefore,
            orderNonce(order, authorization.salt),
            authorization.signature
        );
        _finish(order, found, price, before);
    }

    /// @notice Buys for a channel's payer out of the channel, whose receiver and receiverAuthorizer are this
    /// contract. Its voucher key signs the voucher over `cumulative` and the order that it is for. As
    /// `cumulative` must be what was claimed before and the price, each order is good once.
    function buyFromChannel(
        Order calldata order,
        ChannelConfig calldata config,
        uint128 cumulative,
        bytes calldata voucherSignature,
        bytes calldata orderSignature
    ) external nonReentrant {
        (Offer storage found, uint256 price) = _begin(order);
        uint256 before = _balance(found.terms.token);
        _checkChannelOrder(order, config, cumulative, orderSignature, found, price);
        VoucherClaim[] memory claims = new VoucherClaim[](1);
        claims[0] = VoucherClaim(Voucher(config, cumulative), voucherSignature, cumulative);
        _settlement().claim(claims);
        _settlement().settle(address(this), config.token);
        _finish(order, found, price, before);
    }

    /// @notice Gives its payer what is left in a channel to this contract, at once: every claim was a whole
    /// purchase, so nothing can be owed.
    function refundChannel(ChannelConfig calldata config) external {
        bytes32 channelId = _requireOurs(config);
        if (msg.sender != config.payer) revert NotPayer(channelId, msg.sender);
        _settlement().refund(config, type(uint128).max);
    }

    /// @notice Gives the price back for a right whose key did not come in time. Anyone may send it.
    function reclaim(uint256 id, address holder) external nonReentrant {
        Holding memory held = _holdings[id][holder];
        if (held.keyDueAt == 0) revert NothingHeld(id, holder);
        if (block.timestamp <= held.keyDueAt) revert KeyNotDue(id, holder, held.keyDueAt);
        _giveBack(id, holder, held.held);
    }

    /// @notice Takes a right back where its terms allow it. The owner pays for the unused part, from its
    /// allowance; a price that is still held here goes back whole.
    function revoke(uint256 id, address holder) external nonReentrant {
        Offer storage found = _offers[id];
        _requireOwner(found.artifact);
        if (!found.terms.revocable) revert NotRevocable(id);
        Holding memory held = _holdings[id][holder];
        uint256 refund = _unused(id, holder, found.terms, held.expiresAt);
        if (held.keyDueAt != 0) return _giveBack(id, holder, held.held);
        _end(id, holder);
        emit Revoked(id, holder, refund);
        if (refund != 0) IERC20(found.terms.token).safeTransferFrom(msg.sender, holder, refund);
    }

    /// @notice The nonce of the EIP-3009 authorization that pays for an order.
    function orderNonce(Order calldata order, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(order, salt));
    }

    function getChannelOrderDigest(bytes32 channelId, uint128 cumulative, Order calldata order)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(CHANNEL_ORDER_TYPEHASH, channelId, cumulative, order)));
    }

    /// @dev Pays what was held to the artifact's owner and its lineage, and starts the right's time.
    function _release(uint256 id, address holder) internal {
        Holding storage held = _holdings[id][holder];
        if (held.keyDueAt == 0) return;
        Offer storage found = _offers[id];
        uint256 amount = held.held;
        uint40 boughtAt = held.keyDueAt - found.terms.keyWithin;
        if (found.terms.duration != 0) held.expiresAt += uint40(block.timestamp) - boughtAt;
        (held.keyDueAt, held.held) = (0, 0);
        _payOut(found, amount);
    }

    /// @dev Checks an order and gives the right that it buys; `_finish` must see the money.
    function _begin(Order calldata order) private view returns (Offer storage found, uint256 price) {
        found = _requireBuyable(order.id, order.holder);
        bool isEndless = found.terms.duration == 0 && !found.terms.perUse;
        if (order.quantity == 0 || (isEndless && order.quantity != 1)) revert InvalidQuantity(order.quantity);
        price = uint256(found.terms.price) * order.quantity;
        if (price > type(uint128).max) revert InvalidQuantity(order.quantity);
    }

    function _finish(Order calldata order, Offer storage found, uint256 price, uint256 before) private {
        uint256 received = _balance(found.terms.token) - before;
        if (received != price) revert PaymentMismatch(price, received);
        Holding storage held = _holdings[order.id][order.holder];
        if (held.keyDueAt != 0) revert KeyPending(order.id, order.holder);
        bool isRunning = balanceOf(order.holder, order.id) != 0 && block.timestamp < held.expiresAt;
        _extend(order, found.terms, held, isRunning);
        bool isHeld = price != 0 && found.terms.keyWithin != 0 && !isRunning;
        if (isHeld) {
            (held.keyDueAt, held.held) = (uint40(block.timestamp) + found.terms.keyWithin, uint128(price));
        }
        emit RightBought(
            order.id,
            found.artifact,
            order.holder,
            order.quantity,
            price,
            held.expiresAt,
            held.keyDueAt,
            order.publicKey
        );
        if (!isHeld) _payOut(found, price);
    }

    function _extend(Order calldata order, Terms storage terms, Holding storage held, bool isRunning) private {
        uint256 balance = balanceOf(order.holder, order.id);
        if (!isRunning && terms.perUse && balance != 0) {
            _burn(order.holder, order.id, balance);
            balance = 0;
        }
        if (terms.duration == 0) {
            if (isRunning && !terms.perUse) revert AlreadyHeld(order.id, order.holder);
            held.expiresAt = type(uint40).max;
        } else {
            uint256 from = isRunning && !terms.perUse ? held.expiresAt : block.timestamp;
            uint256 until = from + uint256(terms.duration) * (terms.perUse ? 1 : order.quantity);
            if (until >= type(uint40).max / 2) revert InvalidQuantity(order.quantity);
            held.expiresAt = uint40(until);
        }
        if (order.publicKey != 0) held.publicKey = order.publicKey;
        if (terms.perUse) _mintQuietly(order.holder, order.id, order.quantity);
        else if (balance == 0) _mintQuietly(order.holder, order.id, 1);
    }

    function _checkChannelOrder(
        Order calldata order,
        ChannelConfig calldata config,
        uint128 cumulative,
        bytes calldata signature,
        Offer storage found,
        uint256 price
    ) private view {
        bytes32 channelId = _requireOurs(config);
        if (config.token != found.terms.token) revert WrongToken(config.token, found.terms.token);
        if (price == 0) revert NothingToPay(order.id);
        if (order.holder != config.payer) revert NotHolder(order.id, order.holder, config.payer);
        (, uint128 claimed) = _settlement().channels(channelId);
        if (cumulative != claimed + price) revert WrongCumulative(cumulative, claimed + price);
        _checkSession(channelId, found.artifact);
        address signer = config.payerAuthorizer == address(0) ? config.payer : config.payerAuthorizer;
        if (!Signatures.isSignedBy(signer, getChannelOrderDigest(channelId, cumulative, order), signature)) {
            revert InvalidOrderSignature(signer);
        }
    }

    /// @dev The settlement applies cap and the grace of the expiry; scope and expiry are the receiver's to
    /// apply, which is this contract. A session for one service buys nothing but that artifact.
    function _checkSession(bytes32 channelId, bytes32 artifact) private view {
        if (Predeploys.SESSION_KEYS.code.length == 0) return;
        (bool exists,, uint40 expiresAt, bytes32 scope) = ISessionKeys(Predeploys.SESSION_KEYS).sessions(channelId);
        if (!exists) return;
        if (block.timestamp >= expiresAt || (scope != 0 && scope != artifact)) revert OutOfScope(channelId, scope);
    }

    function _requireOurs(ChannelConfig calldata config) private view returns (bytes32 channelId) {
        channelId = _settlement().getChannelId(config);
        bool isOurs = config.receiver == address(this) && config.receiverAuthorizer == address(this);
        if (!isOurs) revert NotOurChannel(channelId);
    }

    function _unused(uint256 id, address holder, Terms storage terms, uint40 expiresAt)
        private
        view
        returns (uint256)
    {
        if (block.timestamp >= expiresAt) return 0;
        if (terms.perUse) return uint256(terms.price) * balanceOf(holder, id);
        return uint256(terms.price) * (expiresAt - block.timestamp) / terms.duration;
    }

    function _giveBack(uint256 id, address holder, uint256 amount) private {
        address token = _offers[id].terms.token;
        _end(id, holder);
        emit Reclaimed(id, holder, amount);
        IERC20(token).safeTransfer(holder, amount);
    }

    function _payOut(Offer storage found, uint256 amount) private {
        if (amount == 0) return;
        ISplitter splitter = ISplitter(Predeploys.SPLITTER);
        bytes32 splitId = splitter.createLineageSplit(found.artifact, 0, address(0));
        IERC20(found.terms.token).forceApprove(address(splitter), amount);
        splitter.pay(splitId, found.terms.token, amount);
    }

    function _balance(address token) private view returns (uint256) {
        return IERC20(token).balanceOf(address(this));
    }

    function _settlement() private pure returns (IX402Settlement) {
        return IX402Settlement(Predeploys.SETTLEMENT);
    }
}
