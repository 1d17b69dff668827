/**
 * Data between those who own it and those who may use it: a node's catalogue of artifacts, who gets which
 * keys and blocks by the licences on the chain, and fetching from other nodes with every block verified.
 */
export type { AccessEntry } from './access/access-log.ts'
export { type ArtifactDescription, descriptionSchema } from './access/description.ts'
export { licenceKeyOf } from './access/licence-key.ts'
export type { AccessGrant } from './access/rights-desk.ts'
export {
  type SignedRequest,
  signedRequestSchema,
  signRequest,
} from './access/signed-request.ts'
export { type ArtifactRecord, artifactKinds } from './catalogue/record.ts'
export type { ExchangeErrorCode } from './errors.ts'
export {
  type Exchange,
  type ExchangeOptions,
  openArtifactStore,
  openExchange,
} from './exchange.ts'
export {
  endpointsOf,
  type FetchArtifactOptions,
  type FetchedArtifact,
  fetchArtifact,
  type Holder,
  requestReading,
} from './fetch/fetch-artifact.ts'
export type { KeepOrder } from './fetch/keep-artifact.ts'
export { createNodeApi, type NodeApi } from './fetch/node-api.ts'
export { type LicenceActed, type LicenceAction, licenceActionSchema } from './licences/act.ts'
export type { Collection } from './publishing/collector.ts'
export type { PublishOrder, PublishProgress } from './publishing/publish-artifact.ts'
