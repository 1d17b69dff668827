import type { Hex, Logger } from '@quoin/kernel'
import type { ChannelLimits } from './channel/channel.ts'

/** What a market is opened with. */
export interface MarketOptions {
  /** The folder for its records (`market.sqlite`); made when missing. One market per folder. */
  dataDir: string
  /** JSON-RPC of the chain, http:// or https://. */
  rpcUrl: string
  chainId: number
  /** The 32-byte key that signs receipts, claims and transactions; its account pays the gas. */
  providerKey: Uint8Array
  /** Where the money goes; default the provider's own address. */
  receiver?: Hex
  addresses?: Partial<MarketAddressOptions>
  payments?: Partial<PaymentOptions>
  settlement?: Partial<SettlementOptions>
  limits?: Partial<ChannelLimits>
  /** Milliseconds since 1970; default Date.now. */
  clock?: () => number
  logger?: Logger
}

/** Default: the predeploys of a Quoin chain. */
export interface MarketAddressOptions {
  settlement: Hex
  collector: Hex
  multicall: Hex
  token: Hex
  receipts: Hex
  /** Null on a chain without session keys. */
  sessionKeys: Hex | null
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
  /** Whether an `exact` payment is collected before its call is answered. */
  settleExactFirst: boolean
  /** How long stored answers are kept for retries, in ms. */
  answersKeptMs: number
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
