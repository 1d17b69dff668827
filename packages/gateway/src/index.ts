/**
 * The HTTP face of a node: OpenAI's API, the Open Inference Protocol v2, x402 payments and its
 * facilitator, receipts and proofs, health, metrics and an OpenAPI document, all made from one table
 * of operations. It knows models and the market by their interfaces only, and owns neither.
 *
 * A metered call goes: limits → `market.admit` with the most it may cost → the model → `finish` with
 * what was used → the answer with its receipt (header `QUOIN-RECEIPT`, in a stream the last payload).
 */

export type { Deployment, Deployments, DeployRequest } from './deployments/routes.ts'
export type { GatewayErrorCode } from './errors.ts'
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
export type {
  JobJson,
  JobRequest,
  JobSummary,
  Jobs,
  LicensedJobJson,
  LicensedJobRequest,
  LicensedJobs,
} from './jobs/interface.ts'
export { defaultLimits, type GatewayLimits } from './limits.ts'
export type { Publication, Publish, PublishRequest } from './market/operator-routes.ts'
export type { Health } from './node/health.ts'
export type { NodeInfo } from './node/routes.ts'
export type { Release, Service } from './service.ts'
