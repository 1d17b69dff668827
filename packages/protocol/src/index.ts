/**
 * The wire: x402 version 2 messages and headers, vouchers and channels of batch settlement, session
 * keys, receipts with their hashes and Merkle proofs, money. Runs in browsers too; speaks to nobody.
 */
export { withdrawDelayBounds, x402Addresses } from './addresses.ts'
export {
  BatchOfferExtra,
  BatchPayload,
  batchScheme,
  ChannelConfig,
  ChannelState,
  ClaimPayload,
  DepositPayload,
  Erc3009DepositAuthorization,
  FacilitatorBatchPayload,
  RefundPayload,
  SettlePayload,
  Voucher,
  VoucherClaim,
  VoucherPayload,
  VoucherState,
} from './batch.ts'
export {
  batchDomain,
  batchTypes,
  channelIdOf,
  depositNonceOf,
  erc3009CollectorData,
  voucherTypedData,
} from './batch-typed-data.ts'
export {
  hashRequest,
  hashResponse,
  hashStream,
  parseSseData,
  receiptMember,
  streamContent,
} from './content-hash.ts'
export type { ProtocolErrorCode } from './errors.ts'
export { Eip3009Authorization, ExactPayload, eip3009Types, exactScheme } from './exact.ts'
export { decodeJsonHeader, encodeJsonHeader, headerNames, maxHeaderBytes } from './header.ts'
export { isReceiptIncluded, merkleRootOf, receiptLeaf } from './merkle.ts'
export {
  FacilitatorRequest,
  PaymentPayload,
  PaymentRequired,
  PaymentRequirements,
  parseMessage,
  ResourceInfo,
  SettlementResponse,
  VerifyResponse,
  x402Version,
} from './messages.ts'
export { creditDecimals, formatMoney, parseMoney } from './money.ts'
export { chainIdToNetwork, Network, networkToChainId } from './network.ts'
export { type Price, priceOf, type Units } from './price.ts'
export type { Anchor, Receipt, ReceiptProof, SignedReceipt } from './receipt.ts'
export {
  isReceiptSigned,
  type ReceiptDomain,
  receiptDomain,
  receiptIdOf,
  receiptTypes,
} from './receipt-hash.ts'
export {
  AnchorJson,
  type JsonOf,
  ReceiptJson,
  ReceiptProofJson,
  SignedReceiptJson,
  toReceiptJson,
} from './receipt-json.ts'
export {
  Address,
  AtomicAmount,
  Bytes32,
  HexData,
  SignatureHex,
  Uint256Text,
} from './scalars.ts'
export { anyScope, findSessionFault, type Session, type SessionFault } from './session.ts'
export { type X402Error, x402Errors } from './x402-errors.ts'
