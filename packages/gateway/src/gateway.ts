import type { AddressInfo } from 'node:net'
import type { Exchange } from '@quoin/exchange'
import { type Logger, silentLogger } from '@quoin/kernel'
import type { Market } from '@quoin/market'
import type { ModelHost } from '@quoin/models'
import type { FastifyInstance } from 'fastify'
import { artifactOperatorRoutes } from './artifacts/operator-routes.ts'
import { artifactRoutes } from './artifacts/routes.ts'
import { CallGate } from './call/call-gate.ts'
import { refundRoute } from './call/refund-route.ts'
import { type Serve, serveCall } from './call/serve-call.ts'
import { type Deployments, deploymentRoutes } from './deployments/routes.ts'
import { gatewayError } from './errors.ts'
import { createServer } from './http/server.ts'
import { inferenceRoutes } from './inference/routes.ts'
import type { Jobs, LicensedJobs } from './jobs/interface.ts'
import { licensedJobRoutes } from './jobs/licensed-routes.ts'
import { jobRoutes } from './jobs/routes.ts'
import { defaultLimits, type GatewayLimits } from './limits.ts'
import { facilitatorRoutes } from './market/facilitator-routes.ts'
import { operatorRoutes, type Publish, publishRoute } from './market/operator-routes.ts'
import { marketRoutes } from './market/routes.ts'
import { createHealthReader, type Health } from './node/health.ts'
import { createMetrics } from './node/metrics.ts'
import { type NodeInfo, nodeRoutes, openApiRoute } from './node/routes.ts'
import { openaiRoutes } from './openai/routes.ts'
import type { Route } from './operation.ts'
import { Catalogue, type Release, type Service } from './service.ts'

export interface GatewayOptions {
  models: ModelHost
  market: Market
  /** By the model's id; read at every call, so a service may be added while the gateway runs. */
  services: ReadonlyMap<string, Service>
  /** By name; read at every call too. */
  releases?: ReadonlyMap<string, Release>
  health: () => Promise<Health>
  /** Further metrics of the node in the text exposition format, for GET /metrics. */
  moreMetrics?: () => Promise<string>
  info: NodeInfo
  logger?: Logger
  limits?: Partial<GatewayLimits>
  /** Bearer token of the operator's routes; without one they are closed. */
  operatorToken?: string
  /** Serves further models when the operator asks; without it, those that it was started with. */
  deployments?: Deployments
  /** Sells a further model when the operator asks; without it the price list is as given. */
  publish?: Publish
  /** Artifacts that the node serves; without it there are no routes for them. */
  exchange?: Exchange
  /** Work on artifacts; without it there are no routes for it. */
  jobs?: Jobs
  /** Trainings of others on this node's data. */
  licensedJobs?: LicensedJobs
}

export interface Gateway extends AsyncDisposable {
  /**
   * Port 0 takes a free one.
   * @throws CodedError `PORT_TAKEN`
   */
  listen(address: { host: string; port: number }): Promise<{ url: string; port: number }>
  /** Refuses new calls, lets running ones end (until the limit `stopMs`), then closes the server. */
  close(): Promise<void>
}

/** The HTTP face of a node. It owns neither models nor market: who made them closes them, after this. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const logger = (options.logger ?? silentLogger).child({ module: 'gateway' })
  const limits = { ...defaultLimits, ...options.limits }
  const gate = new CallGate(limits.concurrentCalls)
  const metrics = createMetrics({ running: () => gate.running, more: options.moreMetrics })
  const { market } = options
  const context = { market, gate, metrics, logger, callMs: limits.callMs }
  const ending = new AbortController()
  const routes = buildRoutes(
    { ...options, closing: ending.signal },
    gate,
    metrics,
    (plan, exchange, sent) => serveCall(context, plan, exchange, sent),
  )
  const operatorToken = options.operatorToken ?? null
  const app = createServer({ routes, limits, metrics, logger, operatorToken })
  await app.ready()
  let closing: Promise<void> | undefined
  const close = () => {
    ending.abort()
    closing ??= closeGateway(app, gate, limits.stopMs)
    return closing
  }
  return { listen: (address) => listen(app, address), close, [Symbol.asyncDispose]: close }
}

function buildRoutes(
  options: GatewayOptions & { closing: AbortSignal },
  gate: CallGate,
  metrics: ReturnType<typeof createMetrics>,
  serve: Serve,
): Route[] {
  const { market, models, info } = options
  const catalogue = new Catalogue(options)
  const health = createHealthReader({
    node: options.health,
    models,
    isStopping: () => gate.stopping,
  })
  const isReady = async () => (await health()).status === 'ready'
  const modelRoutes = [
    ...openaiRoutes(catalogue, serve),
    ...inferenceRoutes(catalogue, serve, { version: info.version, isReady }),
  ]
  const routes = [
    ...modelRoutes,
    ...modelRoutes
      .filter(({ operation }) => operation.metered)
      .map(({ operation }) => refundRoute(operation, market)),
    ...facilitatorRoutes(market),
    ...marketRoutes(market, catalogue),
    ...operatorRoutes(market),
    ...(options.deployments ? deploymentRoutes(options.deployments) : []),
    ...(options.publish ? [publishRoute(options.publish)] : []),
    ...(options.exchange
      ? [...artifactRoutes(options.exchange), ...artifactOperatorRoutes(options.exchange)]
      : []),
    ...(options.jobs ? jobRoutes(options.jobs, options.closing) : []),
    ...(options.licensedJobs ? licensedJobRoutes(options.licensedJobs) : []),
    ...nodeRoutes({ info, health, metrics, catalogue }),
  ]
  return [...routes, openApiRoute(routes, info.version)]
}

async function listen(app: FastifyInstance, address: { host: string; port: number }) {
  try {
    const url = await app.listen(address)
    return { url, port: portOf(app.server.address()) }
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause
    const what = `Port ${address.port} of ${address.host} is taken; stop what uses it or choose another`
    throw gatewayError('PORT_TAKEN', what, { cause })
  }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** How long aborted calls and half-sent requests get to end before their connections are cut. */
const lastWordsMs = 2000

async function closeGateway(app: FastifyInstance, gate: CallGate, stopMs: number): Promise<void> {
  const limit = new AbortController()
  const cut = Promise.withResolvers<void>()
  const abortTimer = setTimeout(() => limit.abort(), stopMs)
  const cutTimer = setTimeout(() => {
    app.server.closeAllConnections()
    cut.resolve()
  }, stopMs + lastWordsMs)
  await Promise.race([gate.stop(limit.signal), cut.promise])
  await app.close()
  clearTimeout(abortTimer)
  clearTimeout(cutTimer)
}
