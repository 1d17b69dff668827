/**
 * What a payer's program needs: a `fetch` that pays within limits, receipts checked against the chain,
 * channels opened and closed. Runs in browsers and in Node; reaches a chain only through the URL that
 * it is given.
 */
export type { ChainAccess } from './chain-access.ts'
export {
  type ChannelClient,
  type ChannelClientOptions,
  createChannelClient,
  type OwnChannel,
  type SessionTerms,
} from './channel-client.ts'
export { type ChannelRecord, type ChannelStore, memoryChannelStore } from './channel-store.ts'
export { chainAccessOf, connectChain } from './connect-chain.ts'
export type { SdkErrorCode } from './errors.ts'
export type { SpendingLimits } from './limits.ts'
export {
  type AllowedAsset,
  creditAddress,
  type QuoinNetwork,
  quoinNetwork,
  receiptsAddress,
  registryAddress,
  sessionKeysAddress,
} from './networks.ts'
export { type PayingFetchOptions, payingFetch } from './paying-fetch.ts'
export { claimedGenesis } from './proven-chain.ts'
export type { TrustStatement } from './receipt-chain.ts'
export {
  type Check,
  type CheckName,
  type Verification,
  type VerifyOptions,
  verifyReceipt,
} from './verify-receipt.ts'
