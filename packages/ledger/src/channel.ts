import type { Hex } from '@quoin/kernel'
import { encodeAbiParameters, hashTypedData, keccak256 } from 'viem'

/** What an x402 channel is; its EIP-712 hash is its id, so nothing in it can change. */
export interface ChannelConfig {
  payer: Hex
  /** The key that signs vouchers (the session key); zero: the payer itself. */
  payerAuthorizer: Hex
  receiver: Hex
  receiverAuthorizer: Hex
  token: Hex
  /** Seconds, 900 to 2592000. */
  withdrawDelay: number
  salt: Hex
}

/** Limits that a payer set on a channel's voucher key. */
export interface SessionLimits {
  /** Cumulative, atomic units. */
  capAtomic: bigint
  /** Seconds since 1970. */
  expiresAt: number
  /** Id of the only service that may be called; zero: any of the receiver's. */
  scope: Hex
}

/** What the chain knows of a channel. */
export interface ChannelState {
  /** Deposits less refunds and withdrawals; claims do not lower it. */
  balance: bigint
  totalClaimed: bigint
  /** Zero in both where no withdrawal was requested. */
  withdrawal: { amount: bigint; requestedAt: number }
  refundNonce: bigint
  session: SessionLimits | null
}

/** One row of a claim: the voucher, and how much of it is claimed in total. */
export interface VoucherClaim {
  config: ChannelConfig
  maxClaimable: bigint
  signature: Hex
  totalClaimed: bigint
}

const channelConfigTypes = {
  ChannelConfig: [
    { name: 'payer', type: 'address' },
    { name: 'payerAuthorizer', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'receiverAuthorizer', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'withdrawDelay', type: 'uint40' },
    { name: 'salt', type: 'bytes32' },
  ],
} as const

/** A channel's id on a chain: the EIP-712 hash of its configuration under the settlement's domain. */
export function channelIdOf(
  config: ChannelConfig,
  { chainId, settlement }: { chainId: number; settlement: Hex },
): Hex {
  return hashTypedData({
    domain: {
      name: 'x402 Batch Settlement',
      version: '1',
      chainId,
      verifyingContract: settlement,
    },
    types: channelConfigTypes,
    primaryType: 'ChannelConfig',
    message: config,
  })
}

/** The nonce of the EIP-3009 authorization that funds a channel. */
export function depositNonceOf(channelId: Hex, salt: Hex): Hex {
  const types = [{ type: 'bytes32' }, { type: 'uint256' }] as const
  return keccak256(encodeAbiParameters(types, [channelId, BigInt(salt)]))
}
