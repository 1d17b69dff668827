/**
 * A light client: follows a BFT chain by its certificates, from a genesis or a checkpoint, and checks by
 * proof what servers say of its state, transactions, receipts and logs. No server is believed. Runs in
 * browsers and in Node.
 */
export { memoryLightStore, webLightStore } from './chain/stores.ts'
export type { LightStore, TrustRoot } from './chain/trust-state.ts'
export type { TrustedPoint } from './chain/verify-header.ts'
export type { LightErrorCode } from './errors.ts'
export type { ProvenAccount } from './execution/account.ts'
export type { ProvenBlock } from './execution/block.ts'
export type { ExecutionHeader } from './execution/execution-header.ts'
export type { ProvenReceipt } from './execution/receipt.ts'
export type { ProvenTransaction } from './execution/transaction.ts'
export type { WitnessReport } from './fork/compare-witness.ts'
export type { ForkEvidence } from './fork/fork-evidence.ts'
export { createLightClient, type LightClient, type LightClientOptions } from './light-client.ts'
export { type HttpProviderOptions, httpProvider } from './provider/http-provider.ts'
export type { LightProvider } from './provider/interface.ts'
export {
  type At,
  createVerifiedChain,
  type VerifiedChain,
  type VerifiedChainOptions,
} from './verified/verified-chain.ts'
export {
  createVerifiedProvider,
  ProviderError,
  type VerifiedProvider,
} from './verified/verified-provider.ts'
