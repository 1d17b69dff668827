// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Predeploys} from "../Predeploys.sol";
import {Signatures} from "../Signatures.sol";
import {ChannelHashes} from "./ChannelHashes.sol";
import {ChannelConfig, VoucherClaim} from "./ChannelTypes.sol";
import {IDepositCollector} from "./IDepositCollector.sol";
import {ISessionLimits} from "./ISessionLimits.sol";

/// @notice x402 batch settlement: a payer funds a channel to a receiver once, signs a voucher over the
/// cumulative amount with every call, and the receiver claims what was used whenever it likes.
///
/// What is in a channel belongs to the payer, less what was claimed. A claim needs the payer's voucher
/// and the receiver's word on how much of it was used. A refund needs the receiver's word. A withdrawal
/// needs only the payer, but matures `withdrawDelay` after the request, and every voucher can be
/// claimed until then. Where a session was authorized for the channel, its cap and expiry bind too.
contract X402Settlement is ChannelHashes, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct ChannelState {
        /// Deposits less refunds and withdrawals, what was claimed included.
        uint128 balance;
        uint128 totalClaimed;
    }

    struct PendingWithdrawal {
        uint128 amount;
        uint40 initiatedAt;
    }

    struct ReceiverState {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    event ChannelOpened(
        bytes32 indexed channelId, address indexed payer, address indexed receiver, ChannelConfig config
    );
    event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 balance);
    event Claimed(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 totalClaimed);
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);
    event WithdrawInitiated(bytes32 indexed channelId, uint128 amount, uint40 maturesAt);
    event WithdrawFinalized(bytes32 indexed channelId, address indexed sender, uint128 amount);

    error InvalidChannel(string field);
    error WithdrawDelayOutOfRange(uint40 withdrawDelay, uint40 minimum, uint40 maximum);
    error ZeroAmount();
    error DepositMismatch(uint256 expected, uint256 received);
    error NoClaims();
    error NotReceiver(bytes32 channelId, address caller);
    error NotPayer(bytes32 channelId, address caller);
    error MixedReceiverAuthorizers(address first, address other);
    error InvalidVoucherSignature(bytes32 channelId);
    error InvalidReceiverAuthorizerSignature(address receiverAuthorizer);
    error ClaimExceedsVoucher(bytes32 channelId, uint128 totalClaimed, uint128 maxClaimableAmount);
    error ClaimExceedsBalance(bytes32 channelId, uint128 totalClaimed, uint128 balance);
    error SessionCapExceeded(bytes32 channelId, uint128 totalClaimed, uint128 cap);
    error SessionExpired(bytes32 channelId, uint64 claimableUntil);
    error WrongRefundNonce(bytes32 channelId, uint256 given, uint256 expected);
    error NothingToRefund(bytes32 channelId);
    error WithdrawExceedsBalance(bytes32 channelId, uint128 amount, uint128 available);
    error NoPendingWithdrawal(bytes32 channelId);
    error WithdrawNotMatured(bytes32 channelId, uint256 maturesAt);

    uint40 public constant MIN_WITHDRAW_DELAY = 15 minutes;
    uint40 public constant MAX_WITHDRAW_DELAY = 30 days;

    mapping(bytes32 channelId => ChannelState) public channels;
    mapping(bytes32 channelId => PendingWithdrawal) public pendingWithdrawals;
    mapping(bytes32 channelId => uint256) public refundNonce;
    mapping(address receiver => mapping(address token => ReceiverState)) public receivers;

    /// @notice Adds to a channel; the first deposit opens it. Anyone may send it: `collector` must
    /// bring the tokens with whatever proof of the payer's will `collectorData` holds.
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external nonReentrant {
        if (amount == 0) revert ZeroAmount();
        _checkConfig(config);
        bytes32 channelId = getChannelId(config);
        ChannelState storage channel = channels[channelId];
        if (channel.balance == 0) emit ChannelOpened(channelId, config.payer, config.receiver, config);
        channel.balance += amount;

        IERC20 token = IERC20(config.token);
        uint256 before = token.balanceOf(address(this));
        IDepositCollector(collector).collect(config.payer, config.token, amount, channelId, collectorData);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert DepositMismatch(amount, received);
        emit Deposited(channelId, msg.sender, amount, channel.balance);
    }

    /// @notice Claims on channels whose receiver or receiverAuthorizer is the caller.
    function claim(VoucherClaim[] calldata voucherClaims) external nonReentrant {
        if (voucherClaims.length == 0) revert NoClaims();
        for (uint256 i = 0; i < voucherClaims.length; i++) {
            ChannelConfig calldata config = voucherClaims[i].voucher.channel;
            bytes32 channelId = getChannelId(config);
            _checkReceiver(config, channelId);
            _claim(voucherClaims[i], channelId);
        }
    }

    /// @notice Claims by anyone, with the signature of the receiverAuthorizer that all rows share.
    /// Claims are cumulative, so a replay changes nothing.
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature)
        external
        nonReentrant
    {
        if (voucherClaims.length == 0) revert NoClaims();
        address authorizer = voucherClaims[0].voucher.channel.receiverAuthorizer;
        bytes32[] memory channelIds = _channelIds(voucherClaims);
        bytes32 digest = _claimBatchDigest(voucherClaims, channelIds);
        if (!Signatures.isSignedBy(authorizer, digest, authorizerSignature)) {
            revert InvalidReceiverAuthorizerSignature(authorizer);
        }
        for (uint256 i = 0; i < voucherClaims.length; i++) {
            address other = voucherClaims[i].voucher.channel.receiverAuthorizer;
            if (other != authorizer) revert MixedReceiverAuthorizers(authorizer, other);
            _claim(voucherClaims[i], channelIds[i]);
        }
    }

    /// @notice Pays a receiver all that it claimed so far. Anyone may send it; nothing to pay is no error.
    function settle(address receiver, address token) external nonReentrant {
        ReceiverState storage state = receivers[receiver][token];
        uint128 amount = state.totalClaimed - state.totalSettled;
        if (amount == 0) return;
        state.totalSettled = state.totalClaimed;
        IERC20(token).safeTransfer(receiver, amount);
        emit Settled(receiver, token, msg.sender, amount);
    }

    /// @notice Gives unclaimed funds back to the payer at once: at most `amount`, at most what is there.
    function refund(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        bytes32 channelId = getChannelId(config);
        _checkReceiver(config, channelId);
        _refund(config, channelId, amount);
    }

    /// @notice As refund, by anyone, with the receiverAuthorizer's signature over the next nonce.
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external nonReentrant {
        bytes32 channelId = getChannelId(config);
        uint256 expected = refundNonce[channelId];
        if (nonce != expected) revert WrongRefundNonce(channelId, nonce, expected);
        bytes32 digest = getRefundDigest(channelId, nonce, amount);
        if (!Signatures.isSignedBy(config.receiverAuthorizer, digest, receiverAuthorizerSignature)) {
            revert InvalidReceiverAuthorizerSignature(config.receiverAuthorizer);
        }
        refundNonce[channelId] = expected + 1;
        _refund(config, channelId, amount);
    }

    /// @notice The payer asks for unclaimed funds back. A second request replaces the first and starts
    /// its delay anew. Only the payer may: a session key could otherwise hold its withdrawals up.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        bytes32 channelId = getChannelId(config);
        if (msg.sender != config.payer) revert NotPayer(channelId, msg.sender);
        if (amount == 0) revert ZeroAmount();
        uint128 available = _available(channelId);
        if (amount > available) revert WithdrawExceedsBalance(channelId, amount, available);
        uint40 time = uint40(block.timestamp);
        pendingWithdrawals[channelId] = PendingWithdrawal(amount, time);
        emit WithdrawInitiated(channelId, amount, time + config.withdrawDelay);
    }

    /// @notice Pays a matured withdrawal to the payer: what was asked for, less what was claimed since.
    function finalizeWithdraw(ChannelConfig calldata config) external nonReentrant {
        bytes32 channelId = getChannelId(config);
        if (msg.sender != config.payer) revert NotPayer(channelId, msg.sender);
        PendingWithdrawal memory pending = pendingWithdrawals[channelId];
        if (pending.initiatedAt == 0) revert NoPendingWithdrawal(channelId);
        uint256 maturesAt = uint256(pending.initiatedAt) + config.withdrawDelay;
        if (block.timestamp < maturesAt) revert WithdrawNotMatured(channelId, maturesAt);
        delete pendingWithdrawals[channelId];
        uint128 amount = _takeOut(config, channelId, pending.amount);
        emit WithdrawFinalized(channelId, msg.sender, amount);
    }

    function _claim(VoucherClaim calldata row, bytes32 channelId) private {
        ChannelState memory channel = channels[channelId];
        uint128 total = row.totalClaimed;
        if (total <= channel.totalClaimed) return;
        uint128 signed = row.voucher.maxClaimableAmount;
        if (total > signed) revert ClaimExceedsVoucher(channelId, total, signed);
        if (total > channel.balance) revert ClaimExceedsBalance(channelId, total, channel.balance);
        _checkVoucher(row, channelId, signed);
        _checkSession(channelId, total);

        uint128 amount = total - channel.totalClaimed;
        channels[channelId].totalClaimed = total;
        receivers[row.voucher.channel.receiver][row.voucher.channel.token].totalClaimed += amount;
        emit Claimed(channelId, msg.sender, amount, total);
    }

    function _checkVoucher(VoucherClaim calldata row, bytes32 channelId, uint128 signed) private view {
        ChannelConfig calldata config = row.voucher.channel;
        bytes32 digest = getVoucherDigest(channelId, signed);
        bool valid;
        if (config.payerAuthorizer == address(0)) {
            valid = Signatures.isSignedBy(config.payer, digest, row.signature);
        } else {
            (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, row.signature);
            valid = failure == ECDSA.RecoverError.NoError && signer == config.payerAuthorizer;
        }
        if (!valid) revert InvalidVoucherSignature(channelId);
    }

    /// @dev On a chain without the session keys contract every channel is a stock one.
    function _checkSession(bytes32 channelId, uint128 total) private view {
        if (Predeploys.SESSION_KEYS.code.length == 0) return;
        (uint128 cap, uint64 claimableUntil) = ISessionLimits(Predeploys.SESSION_KEYS).claimLimits(channelId);
        if (total > cap) revert SessionCapExceeded(channelId, total, cap);
        if (block.timestamp > claimableUntil) revert SessionExpired(channelId, claimableUntil);
    }

    function _refund(ChannelConfig calldata config, bytes32 channelId, uint128 amount) private {
        if (amount == 0) revert ZeroAmount();
        uint128 refunded = _takeOut(config, channelId, amount);
        if (refunded == 0) revert NothingToRefund(channelId);
        if (_available(channelId) == 0) delete pendingWithdrawals[channelId];
        emit Refunded(channelId, msg.sender, refunded);
    }

    /// @dev Moves at most `amount` of what was not claimed to the payer.
    function _takeOut(ChannelConfig calldata config, bytes32 channelId, uint128 amount) private returns (uint128) {
        uint128 available = _available(channelId);
        if (amount > available) amount = available;
        if (amount == 0) return 0;
        channels[channelId].balance -= amount;
        IERC20(config.token).safeTransfer(config.payer, amount);
        return amount;
    }

    function _available(bytes32 channelId) private view returns (uint128) {
        ChannelState memory channel = channels[channelId];
        return channel.balance - channel.totalClaimed;
    }

    function _checkReceiver(ChannelConfig calldata config, bytes32 channelId) private view {
        if (msg.sender != config.receiverAuthorizer && msg.sender != config.receiver) {
            revert NotReceiver(channelId, msg.sender);
        }
    }

    function _checkConfig(ChannelConfig calldata config) private pure {
        if (config.payer == address(0)) revert InvalidChannel("payer");
        if (config.receiver == address(0)) revert InvalidChannel("receiver");
        if (config.receiverAuthorizer == address(0)) revert InvalidChannel("receiverAuthorizer");
        if (config.token == address(0)) revert InvalidChannel("token");
        uint40 delay = config.withdrawDelay;
        if (delay < MIN_WITHDRAW_DELAY || delay > MAX_WITHDRAW_DELAY) {
            revert WithdrawDelayOutOfRange(delay, MIN_WITHDRAW_DELAY, MAX_WITHDRAW_DELAY);
        }
    }
}
