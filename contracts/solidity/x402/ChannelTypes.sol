// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a channel is. Its hash under the settlement's EIP-712 domain is the channel's id, so
/// nothing in it can ever change.
struct ChannelConfig {
    address payer;
    /// The key that signs vouchers; zero means the payer itself, by key or ERC-1271.
    address payerAuthorizer;
    address receiver;
    /// Who may decide how much of a voucher is claimed, and refund the rest.
    address receiverAuthorizer;
    address token;
    /// Seconds between a payer's request to withdraw and the withdrawal.
    uint40 withdrawDelay;
    bytes32 salt;
}

struct Voucher {
    ChannelConfig channel;
    uint128 maxClaimableAmount;
}

struct VoucherClaim {
    Voucher voucher;
    bytes signature;
    /// Cumulative, at most the voucher's maxClaimableAmount.
    uint128 totalClaimed;
}
