import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Chain, openChain } from '@quoin/chain'
import { createGateway, type Health, type Service } from '@quoin/gateway'
import { bytesToHex, type Hex, type Logger, Scope, silentLogger } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import { createLedger, type Ledger } from '@quoin/ledger'
import { type Market, openMarket } from '@quoin/market'
import { createModelHost } from '@quoin/models'
import { privateKeyToAccount } from 'viem/accounts'
import { readAdminToken } from './admin-token.ts'
import { Catalogue } from './catalogue.ts'
import type { NodeConfig } from './config.ts'
import { genesisFor } from './genesis.ts'
import { type NodeKeys, openNodeKeys } from './node-keys.ts'
import { version } from './version.ts'

export interface NodeOptions {
  config: NodeConfig
  /** Opens the node's keystores; without it they are opened with a random one kept beside them. */
  password?: string
  logger?: Logger
  /** Hears what the start is doing, in words. */
  onProgress?: (step: string) => void
}

/** A whole node: chain, contracts, models, market, gateway, in one process. */
export interface Node extends AsyncDisposable {
  readonly gatewayUrl: string
  readonly rpcUrl: string
  readonly chainId: number
  readonly dataDir: string
  readonly provider: Hex
  readonly validator: Hex
  /** By model id; changes when the operator publishes. */
  readonly services: ReadonlyMap<string, Service>
  readonly market: Market
  readonly chain: Chain
  /** Resolves once health is ready: models warm, registry written. Rejects when that cannot be. */
  ready(): Promise<void>
  /** Rejects when a part has stopped by itself; stays pending otherwise. */
  readonly failure: Promise<never>
}

/**
 * Starts a node on its data folder; a first start makes keys and a private chain there.
 * @throws CodedError `DATA_FOLDER_IN_USE`, `PORT_IN_USE`, `PORT_TAKEN`, `WRONG_PASSWORD`, `MODEL_CORRUPT` and others of the parts
 */
export async function startNode(options: NodeOptions): Promise<Node> {
  const scope = new Scope()
  try {
    return await assemble(options, scope)
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

async function assemble(options: NodeOptions, scope: Scope): Promise<Node> {
  const { config, logger = silentLogger, onProgress = () => {} } = options
  const dataDir = resolve(config.dataDir)
  // Stored answers and receipts are the payers' matter: nobody else on the machine reads them.
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const keys = await openNodeKeys(dataDir, options.password)
  const provider = privateKeyToAddress(keys.provider)

  onProgress('opening the chain')
  const chain = scope.own(await openNodeChain(config, dataDir, keys, logger))
  const chainId = chain.genesis.config.chainId
  const ledger = scope.own(openLedger(chain.rpcUrl, chainId, keys.provider, logger))

  onProgress('loading models')
  const models = scope.own(
    await createModelHost({ logger, maxWorkersPerModel: config.modelWorkers }),
  )
  const market = scope.own(
    await openMarket({
      dataDir: join(dataDir, 'market'),
      ledger,
      providerKey: keys.provider,
      facilitateFor: config.facilitateFor,
      payments: { withdrawDelay: config.withdrawDelaySeconds },
      settlement: {
        intervalMs: config.settleIntervalMs,
        anchorIntervalMs: config.anchorIntervalMs,
      },
      logger,
    }),
  )
  const catalogue = new Catalogue({ models, ledger, provider })
  const state = { isPublished: false }
  const gateway = scope.own(
    await createGateway({
      models,
      market,
      services: catalogue.services,
      publish: (request) => catalogue.publish(request),
      operatorToken: await readAdminToken(dataDir),
      health: async () => healthOf(chain, ledger, state.isPublished),
      info: {
        version,
        chainId,
        rpcUrl: chain.rpcUrl,
        provider,
        contracts: { ...ledger.addresses },
      },
      logger,
    }),
  )
  const { url: gatewayUrl } = await gateway.listen({ host: config.host, port: config.gatewayPort })

  onProgress('warming models up and writing the registry')
  const published = catalogue.publishAll(config.publicUrl ?? gatewayUrl).then(() => {
    state.isPublished = true
  })
  const whole = Promise.all([models.ready(), published])
  whole.catch(() => {})
  return {
    gatewayUrl,
    rpcUrl: chain.rpcUrl,
    chainId,
    dataDir,
    provider,
    validator: chain.validator,
    services: catalogue.services,
    market,
    chain,
    ready: async () => void (await whole),
    failure: failureOf(chain),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

async function openNodeChain(
  config: NodeConfig,
  dataDir: string,
  keys: NodeKeys,
  logger: Logger,
): Promise<Chain> {
  const folder = join(dataDir, 'chain')
  const genesis = await genesisFor(folder, config, keys)
  return openChain({
    dataDir: folder,
    ...(genesis && { genesis }),
    validatorKey: keys.validator,
    blockTimeMs: config.blockTimeMs,
    heartbeatMs: config.heartbeatMs,
    rpc: { host: config.host, port: config.rpcPort },
    logger,
  })
}

function openLedger(rpcUrl: string, chainId: number, key: Uint8Array, logger: Logger): Ledger {
  return createLedger({ rpcUrl, chainId, account: privateKeyToAccount(bytesToHex(key)), logger })
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

function failureOf(chain: Chain): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    chain.consensus.onFailure(reject)
    chain.execution.stopped.catch(reject)
  })
  failure.catch(() => {})
  return failure
}
