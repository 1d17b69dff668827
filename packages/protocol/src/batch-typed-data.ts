import type { Hex } from '@quoin/kernel'
import {
  encodeAbiParameters,
  getAddress,
  hashTypedData,
  keccak256,
  type TypedDataDomain,
} from 'viem'
import { x402Addresses } from './addresses.ts'
import type { ChannelConfig } from './batch.ts'

/** EIP-712 types of the settlement contract. */
export const batchTypes = {
  ChannelConfig: [
    { name: 'payer', type: 'address' },
    { name: 'payerAuthorizer', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'receiverAuthorizer', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'withdrawDelay', type: 'uint40' },
    { name: 'salt', type: 'bytes32' },
  ],
  Voucher: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'maxClaimableAmount', type: 'uint128' },
  ],
  Refund: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'nonce', type: 'uint256' },
    { name: 'amount', type: 'uint128' },
  ],
  ClaimEntry: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'maxClaimableAmount', type: 'uint128' },
    { name: 'totalClaimed', type: 'uint128' },
  ],
  ClaimBatch: [{ name: 'claims', type: 'ClaimEntry[]' }],
} as const

export function batchDomain(
  chainId: number,
  settlement: Hex = x402Addresses.settlement,
): TypedDataDomain {
  return {
    name: 'x402 Batch Settlement',
    version: '1',
    chainId,
    verifyingContract: getAddress(settlement),
  }
}

/** The channel's id: the EIP-712 hash of its configuration under the settlement's domain. */
export function channelIdOf(config: ChannelConfig, chainId: number, settlement?: Hex): Hex {
  return hashTypedData({
    domain: batchDomain(chainId, settlement),
    types: { ChannelConfig: batchTypes.ChannelConfig },
    primaryType: 'ChannelConfig',
    message: config,
  })
}

/** The arguments of `signTypedData` for a voucher. */
export function voucherTypedData(
  voucher: { channelId: Hex; maxClaimableAmount: bigint },
  chainId: number,
  settlement?: Hex,
) {
  return {
    domain: batchDomain(chainId, settlement),
    types: { Voucher: batchTypes.Voucher },
    primaryType: 'Voucher',
    message: voucher,
  } as const
}

/** The nonce of the EIP-3009 authorization that funds a channel: keccak256(abi.encode(channelId, salt)). */
export function depositNonceOf(channelId: Hex, salt: Hex): Hex {
  return keccak256(
    encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [channelId, BigInt(salt)]),
  )
}

/** What the settlement hands to the EIP-3009 collector with a deposit. */
export function erc3009CollectorData(authorization: {
  validAfter: bigint
  validBefore: bigint
  salt: Hex
  signature: Hex
}): Hex {
  const { validAfter, validBefore, salt, signature } = authorization
  return encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }],
    [validAfter, validBefore, BigInt(salt), signature],
  )
}
