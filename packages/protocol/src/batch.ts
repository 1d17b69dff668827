import { z } from 'zod'
import { Address, AtomicAmount, Bytes32, SignatureHex, Uint256Text } from './scalars.ts'

export const batchScheme = 'batch-settlement'

/** What a channel is; its EIP-712 hash is the channel's id, so nothing in it can change. */
export const ChannelConfig = z.object({
  payer: Address,
  /** The key that signs vouchers: the session key. Zero means the payer itself. */
  payerAuthorizer: Address,
  receiver: Address,
  /** The key that signs claims and refunds on the receiver's side. */
  receiverAuthorizer: Address,
  token: Address,
  /** Seconds between a payer's withdrawal request and its execution. */
  withdrawDelay: z
    .number()
    .int()
    .min(0)
    .max(2 ** 40 - 1),
  salt: Bytes32,
})
export type ChannelConfig = z.infer<typeof ChannelConfig>

/** The payer's word that up to this cumulative amount may be claimed from the channel. */
export const Voucher = z.object({
  channelId: Bytes32,
  maxClaimableAmount: AtomicAmount,
  signature: SignatureHex,
})
export type Voucher = z.infer<typeof Voucher>

export const Erc3009DepositAuthorization = z.object({
  validAfter: Uint256Text,
  validBefore: Uint256Text,
  salt: Bytes32,
  signature: SignatureHex,
})
export type Erc3009DepositAuthorization = z.infer<typeof Erc3009DepositAuthorization>

export const DepositPayload = z.object({
  type: z.literal('deposit'),
  channelConfig: ChannelConfig,
  voucher: Voucher,
  deposit: z.object({
    amount: AtomicAmount,
    authorization: z.object({ erc3009Authorization: Erc3009DepositAuthorization }),
  }),
})
export type DepositPayload = z.infer<typeof DepositPayload>

export const VoucherPayload = z.object({
  type: z.literal('voucher'),
  channelConfig: ChannelConfig,
  voucher: Voucher,
})
export type VoucherPayload = z.infer<typeof VoucherPayload>

export const VoucherClaim = z.object({
  voucher: z.object({ channel: ChannelConfig, maxClaimableAmount: AtomicAmount }),
  signature: SignatureHex,
  totalClaimed: AtomicAmount,
})
export type VoucherClaim = z.infer<typeof VoucherClaim>

/** What a payer sends to get the rest back; the receiver's server adds the members below `amount`. */
export const RefundPayload = z.object({
  type: z.literal('refund'),
  channelConfig: ChannelConfig,
  voucher: Voucher,
  amount: z.string().max(39).optional(),
  refundNonce: Uint256Text.optional(),
  claims: z.array(VoucherClaim).max(100).optional(),
  refundAuthorizerSignature: SignatureHex.optional(),
  claimAuthorizerSignature: SignatureHex.optional(),
})
export type RefundPayload = z.infer<typeof RefundPayload>

export const ClaimPayload = z.object({
  type: z.literal('claim'),
  claims: z.array(VoucherClaim).min(1).max(100),
  claimAuthorizerSignature: SignatureHex.optional(),
})
export type ClaimPayload = z.infer<typeof ClaimPayload>

export const SettlePayload = z.object({
  type: z.literal('settle'),
  receiver: Address,
  token: Address,
})
export type SettlePayload = z.infer<typeof SettlePayload>

/** What a payer may send with a call. */
export const BatchPayload = z.discriminatedUnion('type', [
  VoucherPayload,
  DepositPayload,
  RefundPayload,
])
export type BatchPayload = z.infer<typeof BatchPayload>

/** What a resource server may post to a facilitator. */
export const FacilitatorBatchPayload = z.discriminatedUnion('type', [
  VoucherPayload,
  DepositPayload,
  RefundPayload,
  ClaimPayload,
  SettlePayload,
])
export type FacilitatorBatchPayload = z.infer<typeof FacilitatorBatchPayload>

/** A channel as responses and corrective 402s report it (`extra.channelState`). */
export const ChannelState = z.object({
  channelId: Bytes32,
  balance: AtomicAmount,
  totalClaimed: AtomicAmount,
  withdrawRequestedAt: z.number().int().min(0),
  refundNonce: Uint256Text,
  chargedCumulativeAmount: AtomicAmount.optional(),
})
export type ChannelState = z.infer<typeof ChannelState>

/** The receiver's newest voucher, by which a client that lost its state proves the rest (`extra.voucherState`). */
export const VoucherState = z.object({
  signedMaxClaimable: AtomicAmount,
  signature: SignatureHex,
})
export type VoucherState = z.infer<typeof VoucherState>

/** `extra` of the batch-settlement offer in a 402. */
export const BatchOfferExtra = z.object({
  name: z.string(),
  version: z.string(),
  receiverAuthorizer: Address,
  withdrawDelay: z.number().int(),
  minDeposit: AtomicAmount.optional(),
  channelState: ChannelState.optional(),
  voucherState: VoucherState.optional(),
})
export type BatchOfferExtra = z.infer<typeof BatchOfferExtra>
