import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Chain, type ChainOptions, openChain } from '@quoin/chain'
import type { Service } from '@quoin/gateway'
import { type Hex, type Logger, Scope, silentLogger } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import type { Market } from '@quoin/market'
import { type CheckpointGuard, guardCheckpoint, parseCheckpoint } from './checkpoint.ts'
import type { NodeConfig } from './config.ts'
import { genesisFor } from './genesis.ts'
import { type ChainMetrics, createChainMetrics } from './monitor/metrics.ts'
import { openMonitor } from './monitor/open-monitor.ts'
import { readStatus } from './monitor/status.ts'
import { type NodeKeys, openNodeKeys } from './node-keys.ts'
import type { Provider } from './provider.ts'

export interface NodeOptions {
  config: NodeConfig
  /** Opens the node's keystores; without it they are opened with a random one kept beside them. */
  password?: string
  logger?: Logger
  /** Ends a start that takes long. */
  signal?: AbortSignal
  /** Hears what the start is doing, in words. */
  onProgress?: (step: string) => void
}

/** A node in one process: the chain with its contracts, and unless it is for the chain alone, what it sells. */
export interface Node extends AsyncDisposable {
  /** Null on a node of the chain alone, as are `services` and `market`. */
  readonly gatewayUrl: string | null
  readonly rpcUrl: string
  /** Of /health, /metrics and /status of the chain; null when not asked for. */
  readonly monitorUrl: string | null
  /** Multiaddrs where other nodes connect; none on a node that is alone. */
  readonly peerAddresses: readonly string[]
  readonly chainId: number
  readonly dataDir: string
  readonly provider: Hex
  /** Null on a node without a validator key. */
  readonly validator: Hex | null
  /** By model id; changes when the operator publishes. */
  readonly services: ReadonlyMap<string, Service> | null
  readonly market: Market | null
  readonly chain: Chain
  /** Resolves once health is ready: models warm, registry written. Rejects when that cannot be. */
  ready(): Promise<void>
  /** Rejects when a part has stopped by itself; stays pending otherwise. */
  readonly failure: Promise<never>
}

/**
 * Starts a node on its data folder; a first start makes keys and, without a genesis file, a private chain there.
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
  onProgress('opening the chain')
  const chain = scope.own(await openNodeChain(config, dataDir, keys, options))
  const { checkpoint } = config
  const guard = checkpoint
    ? scope.own(await guardCheckpoint(chain, parseCheckpoint(checkpoint)))
    : null
  const metrics = scope.own(createChainMetrics(chain, () => readStatus(chain)))
  const monitor = await openMonitor({ config, chain, metrics, logger }, scope)
  const services = { config, dataDir, keys, chain, metrics, logger, onProgress }
  const provider = await openServices(services, scope)
  return {
    gatewayUrl: provider?.gatewayUrl ?? null,
    rpcUrl: chain.rpcUrl,
    monitorUrl: monitor?.url ?? null,
    peerAddresses: chain.network?.addresses ?? [],
    chainId: chain.genesis.config.chainId,
    dataDir,
    provider: privateKeyToAddress(keys.provider),
    validator: privateKeyToAddress(keys.validator),
    services: provider?.services ?? null,
    market: provider?.market ?? null,
    chain,
    ready: async () => void (await provider?.whole),
    failure: failureOf(chain, guard),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

interface ServiceParts {
  config: NodeConfig
  dataDir: string
  keys: NodeKeys
  chain: Chain
  metrics: ChainMetrics
  logger: Logger
  onProgress: (step: string) => void
}

/** Loaded only where asked for: a node of the chain alone carries neither models nor gateway. */
async function openServices(parts: ServiceParts, scope: Scope): Promise<Provider | null> {
  if (parts.config.services === 'chain') return null
  const { openProvider } = await import('./provider.ts')
  return openProvider({ ...parts, providerKey: parts.keys.provider }, scope)
}

async function openNodeChain(
  config: NodeConfig,
  dataDir: string,
  keys: NodeKeys,
  { logger = silentLogger, onProgress = () => {}, signal }: NodeOptions,
): Promise<Chain> {
  const folder = join(dataDir, 'chain')
  const { genesis, isPrivate } = await genesisFor(folder, config, keys)
  const { blockTimeMs, heartbeatMs } = config
  return openChain({
    dataDir: folder,
    ...(genesis && { genesis }),
    validatorKey: keys.validator,
    // On a chain with others its genesis says how fast blocks come.
    ...(isPrivate && { blockTimeMs, heartbeatMs }),
    miningThreads: config.mine,
    rpc: { host: config.host, port: config.rpcPort },
    ...networkOf(config, keys, dataDir),
    ...syncOf(config, onProgress),
    ...(config.keepBlocks !== undefined && { keepBlocks: config.keepBlocks }),
    ...(signal && { signal }),
    logger,
  })
}

/** A node that neither listens nor knows anybody is alone. */
function networkOf(
  { listen, bootstrap, allowPeer }: NodeConfig,
  { network: privateKey }: NodeKeys,
  dataDir: string,
) {
  if (listen.length === 0 && bootstrap.length === 0) return {}
  const allowed = allowPeer.length === 0 ? {} : { allowedPeers: allowPeer }
  const statePath = join(dataDir, 'peers.json')
  return { network: { privateKey, listen, bootstrap, statePath, ...allowed } }
}

type SnapshotProgress = Parameters<NonNullable<NonNullable<ChainOptions['sync']>['onProgress']>>[0]

/** How a new node begins; the checkpoint is held against its chain later too, however it began. */
function syncOf({ sync, checkpoint }: NodeConfig, onProgress: (step: string) => void) {
  if (sync === 'genesis') return {}
  const trusted = checkpoint === undefined ? {} : { checkpoint: parseCheckpoint(checkpoint) }
  const tell = (progress: SnapshotProgress) => onProgress(describeProgress(progress))
  return { sync: { ...trusted, onProgress: tell } }
}

function describeProgress(progress: SnapshotProgress): string {
  if (progress.stage === 'headers') return 'checking headers of other nodes'
  if (progress.stage === 'blocks') return `fetching block ${progress.height}`
  return `fetching the state of block ${progress.height}, ${progress.parts} parts`
}

function failureOf(chain: Chain, guard: CheckpointGuard | null): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    chain.onFailure(reject)
    guard?.failure.catch(reject)
  })
  failure.catch(() => {})
  return failure
}
