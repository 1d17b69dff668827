import { join } from 'node:path'
import type { Chain } from '@quoin/chain'
import { openExchange } from '@quoin/exchange'
import { createGateway, type Health, type Release, type Service } from '@quoin/gateway'
import { bytesToHex, type Hex, type Logger, type Scope } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import { createLedger, type Ledger } from '@quoin/ledger'
import { type Market, openMarket } from '@quoin/market'
import { createModelHost } from '@quoin/models'
import { privateKeyToAccount } from 'viem/accounts'
import { readAdminToken } from './admin-token.ts'
import { Catalogue } from './catalogue.ts'
import type { NodeConfig } from './config.ts'
import { ModelDeployments } from './deployments/deployments.ts'
import { readArtifact } from './deployments/read-artifact.ts'
import { openNodeJobs } from './jobs/node-jobs.ts'
import type { ChainMetrics } from './monitor/metrics.ts'
import { createPublisher, registeredPrice } from './publish.ts'
import { version } from './version.ts'

export interface ProviderOptions {
  config: NodeConfig
  dataDir: string
  providerKey: Uint8Array
  chain: Chain
  metrics: ChainMetrics
  logger: Logger
  onProgress: (step: string) => void
}

/** What a node sells, and the gateway that it sells by. */
export interface Provider {
  readonly gatewayUrl: string
  readonly address: Hex
  /** By model id; changes when the operator publishes. */
  readonly services: ReadonlyMap<string, Service>
  readonly market: Market
  /** Resolves once models are warm and the registry is written. Rejects when that cannot be. */
  readonly whole: Promise<unknown>
}

/** Models, market and gateway on a running chain; the scope closes them before it. */
export async function openProvider(options: ProviderOptions, scope: Scope): Promise<Provider> {
  const { config, dataDir, providerKey, chain, metrics, logger, onProgress } = options
  const address = privateKeyToAddress(providerKey)
  const chainId = chain.genesis.config.chainId
  const account = privateKeyToAccount(bytesToHex(providerKey))
  const ledger = scope.own(createLedger({ rpcUrl: chain.rpcUrl, chainId, account, logger }))

  onProgress('loading models')
  const models = scope.own(
    await createModelHost({ logger, maxWorkersPerModel: config.modelWorkers }),
  )
  const market = scope.own(
    await openMarket({
      dataDir: join(dataDir, 'market'),
      ledger,
      providerKey,
      facilitateFor: config.facilitateFor,
      payments: { withdrawDelay: config.withdrawDelaySeconds },
      settlement: {
        intervalMs: config.settleIntervalMs,
        anchorIntervalMs: config.anchorIntervalMs,
      },
      logger,
    }),
  )
  const exchange = config.artifacts
    ? scope.own(await openExchange({ dataDir, ledger, providerKey, logger, ...settledOf(chain) }))
    : undefined
  const catalogue = new Catalogue({ models, ledger, provider: address })
  const state = { isPublished: false }
  const releases = new Map<string, Release>()
  const publisher = createPublisher(ledger, address)
  const deployments = await ModelDeployments.open({
    path: join(dataDir, 'models'),
    models,
    services: catalogue.services,
    releases,
    publish: async (manifest, price) => (await publisher.publish(manifest, price)).service,
    registeredPrice: (manifest) => registeredPrice(ledger, address, manifest),
    withdraw: (service) => publisher.withdraw(service.serviceId),
    readArtifact: (cid) => readArtifact(exchange, cid),
    logger: logger.child({ module: 'deployments' }),
  })
  const registered = Promise.withResolvers<void>()
  registered.promise.catch(() => {})
  const { maxRunningJobs: maxRunning, licensedJobSeconds } = config
  const parts = {
    ...{ dataDir, ledger, providerKey, logger, maxRunning, licensedJobSeconds },
    registered: registered.promise,
  }
  const jobs =
    exchange && maxRunning > 0 ? scope.own(await openNodeJobs({ ...parts, exchange })) : undefined
  if (jobs?.isolation === null) onProgress('jobs: trainings and pipelines only, without bubblewrap')
  const gateway = scope.own(
    await createGateway({
      models,
      market,
      services: catalogue.services,
      releases,
      deployments,
      ...(exchange && { exchange }),
      ...(jobs && { jobs }),
      ...(jobs?.licensed && { licensedJobs: jobs.licensed }),
      publish: (request) => catalogue.publish(request),
      operatorToken: await readAdminToken(dataDir),
      health: async () => healthOf(chain, ledger, state.isPublished),
      moreMetrics: () => metrics.text(),
      info: {
        version,
        chainId,
        rpcUrl: chain.rpcUrl,
        provider: address,
        contracts: { ...ledger.addresses },
      },
      logger,
    }),
  )
  const { url: gatewayUrl } = await gateway.listen({ host: config.host, port: config.gatewayPort })

  onProgress('warming models up and writing the registry')
  const publishAll = async () => {
    await catalogue.publishAll(config.publicUrl ?? gatewayUrl)
    await deployments.resume()
    state.isPublished = true
  }
  const published = publishAll()
  published.then(registered.resolve, registered.reject)
  const whole = Promise.all([models.ready(), published])
  whole.catch(() => {})
  return { gatewayUrl, address, services: catalogue.services, market, whole }
}

/** Where the heaviest branch wins, what was bought in the last blocks may still be undone. */
function settledOf(chain: Chain): { settledTag: 'latest' | 'safe' } {
  return { settledTag: chain.engine === 'pow' ? 'safe' : 'latest' }
}

async function healthOf(chain: Chain, ledger: Ledger, isPublished: boolean): Promise<Health> {
  const { failure } = chain.consensus.status
  const missing = [
    ...(failure ? [`chain: ${failure.message}`] : []),
    ...(isPublished ? [] : ['registry: services are being written']),
  ]
  return {
    ready: missing.length === 0,
    missing,
    height: Number(await ledger.blockNumber()),
    contracts: { ...ledger.addresses },
  }
}
