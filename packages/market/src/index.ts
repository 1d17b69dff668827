/**
 * The market: what a call costs, whether its payment covers it, what was charged, and the proof of it.
 * A resource server of x402 version 2 (batch settlement and exact) with durable vouchers, charges and
 * receipts, settlement and anchoring on the chain, and a facilitator for others. Node only. The entrance is
 * `openMarket`; docs of the rules are at channel/book.ts (money) and channel/channel.ts (concurrency).
 */
export type { MarketErrorCode } from './errors.ts'
export type {
  Admission,
  CallRequest,
  ChannelReader,
  ChannelView,
  Market,
  Outcome,
  PaidCall,
  ReceiptStore,
  Settlement,
} from './interface.ts'
export { openMarket } from './open.ts'
export type {
  MarketOptions,
  PaymentOptions,
  SettlementOptions,
} from './options.ts'
