import type { Generated } from 'kysely'

/**
 * The market's records. Amounts are decimal text (they exceed 64 bits), hashes and addresses are
 * lower-case hexadecimal text, times are milliseconds since 1970.
 */
export interface MarketDatabase {
  channels: ChannelTable
  vouchers: VoucherTable
  receipts: ReceiptTable
  answers: AnswerTable
  authorizations: AuthorizationTable
  anchors: AnchorTable
}

export interface ChannelTable {
  channel_id: string
  payer: string
  /** JSON of ChannelConfig. */
  config: string
  charged: string
  /** What was claimed of it when the chain was last asked. */
  claimed: string
  /** The largest maxClaimableAmount with its signature: what a claim presents. */
  ceiling: string
  signature: string
  /** The sequence of the channel's newest receipt. */
  sequence: number
  updated_at: number
}

/** Voucher values that a call was charged on; each is good for one call only. */
interface VoucherTable {
  channel_id: string
  max_claimable: string
}

interface ReceiptTable {
  /** Counts the receipts of this market in the order in which they became durable. */
  number: Generated<number>
  id: string
  channel_id: string
  payer: string
  sequence: number
  time: number
  /** JSON of SignedReceipt. */
  json: string
}

/** Answers kept for retries with the same idempotency key. */
export interface AnswerTable {
  /** The address whose key signed the payment. */
  payer: string
  idempotency_key: string
  /** The request's hash, its service and its path. */
  request_hash: string
  status: number
  /** JSON of the response's headers. */
  headers: string
  body: Uint8Array
  created_at: number
}

/** EIP-3009 authorizations of the `exact` scheme. */
export interface AuthorizationTable {
  payer: string
  nonce: string
  /** JSON of ExactPayload. */
  payload: string
  value: string
  state: 'pending' | 'settled' | 'failed'
  transaction_hash: string | null
  created_at: number
}

/** One anchor covers a range of receipts by their numbers; ranges follow each other without gaps. */
export interface AnchorTable {
  epoch: number
  root: string
  count: number
  first_number: number
  last_number: number
  /** Null until the transaction is known to be on the chain. */
  transaction_hash: string | null
  block_number: number | null
}
