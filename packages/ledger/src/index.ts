/**
 * The chain as the cloud sees it: typed reads and writes of our contracts in the words of the domain,
 * and a sender that gives out nonces. Speaks JSON-RPC only, so it works with any EVM chain that has the
 * contracts; runs in browsers too. Amounts are bigint atomic units, times are seconds.
 */
export { type LedgerAddresses, quoinAddresses } from './addresses.ts'
export {
  type DepositAuthorization,
  type SigningPlace,
  signDeposit,
  signSession,
  type TypedDataSigner,
} from './authorizations.ts'
export { defaultChainId, quoinChain } from './chain.ts'
export {
  type ChannelConfig,
  type ChannelState,
  channelIdOf,
  depositNonceOf,
  type SessionLimits,
  type VoucherClaim,
} from './channel.ts'
export type { Mined } from './context.ts'
export type { Channels, DepositOrder, RefundOrder } from './contracts/channels.ts'
export type { Credit, TransferAuthorization } from './contracts/credit.ts'
export type { Earnings, SplitEarnings, SplitPayment } from './contracts/earnings.ts'
export type { Licences } from './contracts/licences.ts'
export type { Derivation, Lineage } from './contracts/lineage.ts'
export type { PayoutClaim } from './contracts/payouts.ts'
export type { AnchorRecord, ReceiptFields, Receipts } from './contracts/receipts.ts'
export type { ArtifactOrder, DerivedOrder, Registry, ServiceOrder } from './contracts/registry.ts'
export {
  type Artifact,
  type ArtifactKind,
  artifactIdOf,
  type JobOutput,
  type JobResult,
  type Provider,
  type Service,
  type ServicePrice,
  serviceIdOf,
  type Verification,
} from './contracts/registry-types.ts'
export type { SessionOrder, Sessions } from './contracts/sessions.ts'
export {
  type LineageSplit,
  lineageSplitIdOf,
  type SplitShare,
  type Splits,
  splitIdOf,
} from './contracts/splits.ts'
export { createLedger, type Ledger, type LedgerOptions } from './create-ledger.ts'
export { isLedgerError, type LedgerError, type LedgerErrorCode } from './errors.ts'
export type { KeyEnvelope } from './licences/keys.ts'
export type { BlockRange, LicenceSale, LicenceUse } from './licences/sales.ts'
export type { ChannelOrder, SignedOrder } from './licences/sign-orders.ts'
export {
  type LicenceOffer,
  type LicenceOrder,
  type LicenceRight,
  type LicenceTerms,
  offerIdOf,
  type Purpose,
  purposes,
} from './licences/types.ts'
export { createSender, type SenderOptions } from './sender/create-sender.ts'
export type { CallOrder, Sender, SendOptions } from './sender/interface.ts'
