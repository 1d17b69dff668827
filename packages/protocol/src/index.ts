/** The wire: x402 messages, vouchers, session keys, receipts and their proofs. Runs in browsers too. */
export type { Anchor, Receipt, ReceiptProof, SignedReceipt } from './receipt.ts'
