// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Predeploys} from "../Predeploys.sol";
import {Signatures} from "../Signatures.sol";
import {ChannelConfig} from "./ChannelTypes.sol";
import {ISessionLimits} from "./ISessionLimits.sol";
import {IX402Settlement} from "./IX402Settlement.sol";

/// @notice Limits that a payer sets on a channel's voucher key (its payerAuthorizer): a cap on the
/// cumulative amount, an expiry, and a scope. Providers refuse calls beyond them at once; the
/// settlement contract refuses claims beyond them.
///
/// A payer must not be able to strand a provider that already delivered, so tightening binds claims
/// only a withdrawDelay later: a lower cap after that time, an earlier expiry because claims are
/// allowed until the expiry plus that time and no expiry can lie in the past. Loosening is immediate.
contract SessionKeys is EIP712, ISessionLimits {
    struct Session {
        /// Atomic units of the channel's token, cumulative as vouchers are.
        uint128 cap;
        /// Seconds; a provider serves nothing from then on.
        uint40 expiresAt;
        /// Until then `graceCap` binds claims, where it is larger than `cap`.
        uint40 graceUntil;
        /// A copy of the channel's. Zero: no session was ever authorized.
        uint40 withdrawDelay;
        uint128 graceCap;
        /// Id of the only service that may be called; zero: any of the receiver's.
        bytes32 scope;
    }

    event SessionAuthorized(
        bytes32 indexed channelId,
        address indexed payer,
        address indexed sessionKey,
        uint128 cap,
        uint40 expiresAt,
        bytes32 scope
    );
    event SessionRevoked(bytes32 indexed channelId, address indexed payer, uint40 claimableUntil);

    error NotPayer(address caller, address payer);
    error NoSessionKey();
    error NoSession(bytes32 channelId);
    error ExpiryInPast(uint40 expiresAt, uint256 time);
    error WithdrawDelayOutOfRange(uint40 withdrawDelay);
    error SignatureExpired(uint256 deadline, uint256 time);
    error InvalidPayerSignature(address payer);

    bytes32 public constant AUTHORIZE_TYPEHASH = keccak256(
        "AuthorizeSession(bytes32 channelId,uint128 cap,uint40 expiresAt,bytes32 scope,uint256 nonce,uint256 deadline)"
    );

    mapping(bytes32 channelId => Session) private _sessions;
    /// @notice The nonce of the next signed authorization for a channel.
    mapping(bytes32 channelId => uint256) public nonces;

    constructor() EIP712("Quoin Session Keys", "1") {}

    /// @notice Sets the limits of a channel's voucher key, from the payer's account. Signed authorizations
    /// that were not sent yet lose their nonce: an older word never loosens a newer one.
    function authorize(ChannelConfig calldata config, uint128 cap, uint40 expiresAt, bytes32 scope) external {
        if (msg.sender != config.payer) revert NotPayer(msg.sender, config.payer);
        bytes32 channelId = _settlement().getChannelId(config);
        nonces[channelId]++;
        _authorize(config, channelId, cap, expiresAt, scope);
    }

    /// @notice As authorize, sent by anyone, with the payer's signature: for payers without gas.
    function authorizeWithSignature(
        ChannelConfig calldata config,
        uint128 cap,
        uint40 expiresAt,
        bytes32 scope,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
        bytes32 channelId = _settlement().getChannelId(config);
        bytes32 digest = getAuthorizeDigest(channelId, cap, expiresAt, scope, nonces[channelId]++, deadline);
        if (!Signatures.isSignedBy(config.payer, digest, signature)) revert InvalidPayerSignature(config.payer);
        _authorize(config, channelId, cap, expiresAt, scope);
    }

    /// @notice Ends a session now: nothing more is served; claims are possible for another withdrawDelay.
    /// Signed authorizations that were not sent yet lose their nonce.
    function revoke(ChannelConfig calldata config) external {
        if (msg.sender != config.payer) revert NotPayer(msg.sender, config.payer);
        bytes32 channelId = _settlement().getChannelId(config);
        Session storage session = _sessions[channelId];
        if (session.withdrawDelay == 0) revert NoSession(channelId);
        nonces[channelId]++;
        uint40 time = uint40(block.timestamp);
        if (session.expiresAt > time) session.expiresAt = time;
        emit SessionRevoked(channelId, config.payer, session.expiresAt + config.withdrawDelay);
    }

    /// @notice The limits that a provider applies to new calls. Without a session all is zero.
    function sessions(bytes32 channelId)
        external
        view
        returns (bool exists, uint128 cap, uint40 expiresAt, bytes32 scope)
    {
        Session storage session = _sessions[channelId];
        return (session.withdrawDelay != 0, session.cap, session.expiresAt, session.scope);
    }

    /// @inheritdoc ISessionLimits
    function claimLimits(bytes32 channelId) external view returns (uint128 cap, uint64 claimableUntil) {
        Session storage session = _sessions[channelId];
        if (session.withdrawDelay == 0) return (type(uint128).max, type(uint64).max);
        return (_claimableCap(session), uint64(session.expiresAt) + session.withdrawDelay);
    }

    function getAuthorizeDigest(
        bytes32 channelId,
        uint128 cap,
        uint40 expiresAt,
        bytes32 scope,
        uint256 nonce,
        uint256 deadline
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(AUTHORIZE_TYPEHASH, channelId, cap, expiresAt, scope, nonce, deadline))
        );
    }

    function _authorize(
        ChannelConfig calldata config,
        bytes32 channelId,
        uint128 cap,
        uint40 expiresAt,
        bytes32 scope
    ) private {
        if (config.payerAuthorizer == address(0)) revert NoSessionKey();
        if (expiresAt < block.timestamp) revert ExpiryInPast(expiresAt, block.timestamp);
        if (config.withdrawDelay == 0 || config.withdrawDelay > 30 days) {
            revert WithdrawDelayOutOfRange(config.withdrawDelay);
        }
        Session storage session = _sessions[channelId];
        uint128 binding = _bindingCap(session, channelId);
        if (cap < binding) {
            session.graceCap = binding;
            session.graceUntil = uint40(block.timestamp) + config.withdrawDelay;
        }
        session.cap = cap;
        session.expiresAt = expiresAt;
        session.withdrawDelay = config.withdrawDelay;
        session.scope = scope;
        emit SessionAuthorized(channelId, config.payer, config.payerAuthorizer, cap, expiresAt, scope);
    }

    /// @dev What bound claims until now. Without a session that was the escrow: nobody can have served
    /// more, so a stranger's gift to the channel does not loosen the payer's first cap.
    function _bindingCap(Session storage session, bytes32 channelId) private view returns (uint128 balance) {
        if (session.withdrawDelay != 0) return _claimableCap(session);
        (balance,) = _settlement().channels(channelId);
    }

    function _claimableCap(Session storage session) private view returns (uint128) {
        bool inGrace = block.timestamp < session.graceUntil;
        return inGrace && session.graceCap > session.cap ? session.graceCap : session.cap;
    }

    function _settlement() private pure returns (IX402Settlement) {
        return IX402Settlement(Predeploys.SETTLEMENT);
    }
}
