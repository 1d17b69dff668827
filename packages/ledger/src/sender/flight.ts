import type { Hex } from '@quoin/kernel'
import type { TransactionReceipt } from 'viem'
import type { Fees } from './fees.ts'
import type { CallOrder } from './interface.ts'

/** A transaction that left, or is about to. Times are milliseconds of the monotonic clock. */
export interface Flight {
  readonly order: CallOrder
  readonly nonce: number
  readonly gas: bigint
  fees: Fees
  /** The signed bytes with the current fees. */
  raw: Hex
  /** Every hash that the nonce was signed under: any of them may be the one that is mined. */
  readonly hashes: Hex[]
  readonly startedAt: number
  /** When it was last sent. */
  sentAt: number
  /** When its fees were last chosen, and how often they were raised. */
  bumpedAt: number
  bumps: number
  /** Since when the chain has used its nonce and shows no receipt of ours. */
  missingSince: number | null
  readonly outcome: PromiseWithResolvers<TransactionReceipt>
}
