import type { Hex, Logger } from '@quoin/kernel'
import type { Ledger, LedgerAddresses } from '@quoin/ledger'
import type { ChannelLimits } from './channel/channel.ts'

/** What a market is opened with. */
export interface MarketOptions {
  /** The folder for its records (`market.sqlite`); made when missing. One market per folder. */
  dataDir: string
  /**
   * The chain, its account that of `providerKey`: give the ledger that the account's other transactions go
   * through, so that their nonces do not clash. It stays open when the market closes.
   */
  ledger?: Ledger
  /** Without a ledger: JSON-RPC of the chain, http(s):// or ws(s)://. */
  rpcUrl?: string
  /** Without a ledger; default the Quoin chain's id. */
  chainId?: number
  /** The 32-byte key that signs receipts, claims and transactions; its account pays the gas. */
  providerKey: Uint8Array
  /** Where the money goes; default the provider's own address. */
  receiver?: Hex
  /** Without a ledger: where the contracts are; default the predeploys of a Quoin chain. */
  addresses?: Partial<LedgerAddresses>
  /** Whose payments the facilitator brings onto the chain, at the provider's cost in gas; default anyone's. */
  facilitateFor?: 'anyone' | 'own'
  payments?: Partial<PaymentOptions>
  settlement?: Partial<SettlementOptions>
  limits?: Partial<ChannelLimits>
  /** Milliseconds since 1970; default Date.now. */
  clock?: () => number
  logger?: Logger
}

export interface PaymentOptions {
  /** In the order in which a 402 offers them; a stock client takes the first that it knows. */
  schemes: readonly ('batch-settlement' | 'exact')[]
  /** Seconds of a withdrawal's delay that channels must have at least; 900 to 2,592,000. */
  withdrawDelay: number
  maxTimeoutSeconds: number
  /** The deposit asked for: this many times the call's ceiling, and at least the minimum. */
  depositCalls: bigint
  minDepositAtomic: bigint
  /**
   * Whether an `exact` payment is collected before its call is answered (a stream: before it ends). Otherwise a
   * payer who empties the account meanwhile was served for nothing.
   */
  settleExactFirst: boolean
  /** How long stored answers are kept for retries, in ms. */
  answersKeptMs: number
  /** How many bytes of them are kept, looked at every minute; the oldest go first. */
  answersKeptBytes: number
}

export interface SettlementOptions {
  /** Between claims, in ms; 0 for none. */
  intervalMs: number
  /** Claims early once this much is outstanding. */
  thresholdAtomic: bigint
  /** Between anchors, in ms; 0 for none. */
  anchorIntervalMs: number
  /** Between looks at the chain for withdrawals, deposits and session changes, in ms. */
  followMs: number
}
