import type { BlockStore, ConsensusEngine, ConsensusStatus } from '@quoin/consensus'
import type { Validator } from '@quoin/headers'
import { CodedError, type Hex, type Logger, Scope, silentLogger } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import type { Network, PeerInfo } from '@quoin/network'
import { type ExecutionWorker, type ExecutionWorkerStatus, openExecutionWorker } from '@quoin/rpc'
import { type BftParts, openBftParts } from './bft-parts.ts'
import { openDataFolder } from './data-folder.ts'
import type { ChainErrorCode } from './errors.ts'
import { networkIdOf } from './genesis-id.ts'
import type { Genesis, Policy } from './genesis-schema.ts'
import { createLightMethods, type LightSource } from './light-methods.ts'
import { loadGenesis } from './load-genesis.ts'
import { type NetworkSettings, openChainNetwork } from './network/open-chain-network.ts'
import {
  createTransactionGossip,
  type GossipCounts,
  type TransactionGossip,
} from './network/transaction-gossip.ts'

export interface ChainOptions {
  /** Everything the chain keeps is below this folder. One process at a time. */
  dataDir: string
  /** Begins a chain in an empty folder; must be the same one later, or left out. */
  genesis?: Genesis
  /** 32 bytes. Null, or a key that is not a validator's (yet), follows without voting. */
  validatorKey: Uint8Array | null
  /** Gets the fees of this validator's blocks where validators are fixed; its own address by default. */
  feeRecipient?: Hex
  /** At most one block in this time; the genesis says it by default. */
  blockTimeMs?: number
  /** Time between empty blocks; the genesis says it by default. */
  heartbeatMs?: number
  /** JSON-RPC over HTTP and WebSocket; port 0 takes a free one. */
  rpc: { host: string; port: number }
  /** Other nodes of the chain; without it the node is alone. */
  network?: NetworkSettings
  logger?: Logger
}

/** A running chain node: consensus here, execution and its JSON-RPC in a thread of their own. */
export interface Chain extends AsyncDisposable {
  readonly genesis: Genesis
  readonly rpcUrl: string
  readonly webSocketUrl: string
  /** Address of the validator key; null for a follower. */
  readonly validator: Hex | null
  readonly consensus: ConsensusEngine
  /** Decided blocks with their certificates. */
  readonly blocks: BlockStore
  readonly execution: ExecutionWorker
  /** Null when the node is alone. */
  readonly network: Network | null
  status(): Promise<ChainStatus>
  /** When a part has stopped by itself: the node does its work no more, and must be closed. */
  onFailure(listener: (failure: Error) => void): () => void
}

/** Where a node is, as plain data. */
export interface ChainStatus {
  engine: 'bft'
  policy: Policy
  /** Of the last final block. */
  height: number
  consensus: ConsensusStatus
  /** Who decides the height that is being decided. */
  validators: readonly Validator[]
  peers: readonly PeerInfo[]
  execution: ExecutionWorkerStatus
  transactions: GossipCounts | null
}

/**
 * Opens a chain node. Disposing stops consensus first, then the network, the RPC server and execution.
 * @throws CodedError `DATA_FOLDER_IN_USE`, `GENESIS_MISSING`, `GENESIS_MISMATCH`, `GENESIS_INVALID`,
 * `NOT_A_VALIDATOR`, `PORT_IN_USE` and those of the parts (`LOG_CORRUPT`, `EXECUTION_MISMATCH`, …)
 */
export async function openChain(options: ChainOptions): Promise<Chain> {
  const scope = new Scope()
  try {
    return await assemble(options, scope)
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}

async function assemble(options: ChainOptions, scope: Scope): Promise<Chain> {
  const { logger = silentLogger, rpc } = options
  const folder = scope.own(await openDataFolder(options.dataDir))
  const genesis = await loadGenesis(options.dataDir, options.genesis)
  const settings = genesis.config.quoin.consensus
  if (settings.engine !== 'bft')
    throw new CodedError<ChainErrorCode>(
      'GENESIS_INVALID',
      'Proof of work is not composed here yet',
    )
  let light: LightSource | null = null
  const execution = scope.own(
    await openExecutionWorker({
      execution: { dataDir: folder.paths.execution, genesis },
      rpc,
      methods: createLightMethods(() => light),
      logger,
    }),
  )
  const { genesisHash } = await execution.head()
  const network = await openNetworkOf(options, networkIdOf(genesis, genesisHash), scope)
  const gossip =
    network &&
    scope.own(createTransactionGossip(network, execution, logger.child({ module: 'transactions' })))
  const parts = await openBftParts(
    {
      ...options,
      logger,
      genesis,
      settings,
      execution,
      executionGenesis: genesisHash,
      folder,
      network,
    },
    scope,
  )
  light = parts.light
  await parts.engine.start()
  logger.info({ rpcUrl: execution.rpcUrl, height: folder.blocks.height }, 'chain node is running')
  const shared = { genesis, execution, network, blocks: folder.blocks }
  return present(options, { ...shared, parts, gossip, policy: settings.policy, scope })
}

async function openNetworkOf(
  { network, logger = silentLogger }: ChainOptions,
  chain: Hex,
  scope: Scope,
): Promise<Network | null> {
  return network ? scope.own(await openChainNetwork(network, { chain, logger })) : null
}

interface Opened {
  genesis: Genesis
  execution: ExecutionWorker
  network: Network | null
  blocks: BlockStore
  parts: BftParts
  gossip: TransactionGossip | null
  policy: Policy
  scope: Scope
}

function present({ validatorKey }: ChainOptions, opened: Opened): Chain {
  const { genesis, execution, network, blocks, parts, gossip, policy, scope } = opened
  const { engine, rules } = parts
  return {
    genesis,
    rpcUrl: execution.rpcUrl,
    webSocketUrl: execution.rpcWebSocketUrl,
    validator: validatorKey && privateKeyToAddress(validatorKey),
    consensus: engine,
    blocks,
    execution,
    network,
    status: async () => ({
      engine: 'bft',
      policy,
      height: blocks.height,
      consensus: engine.status,
      validators: rules.validatorsAt(engine.status.height).validators,
      peers: network?.peers() ?? [],
      execution: await execution.status(),
      transactions: gossip && { ...gossip.counts },
    }),
    onFailure(listener) {
      let isHeard = true
      const tell = (failure: Error) => isHeard && listener(failure)
      const stop = engine.onFailure(tell)
      execution.stopped.catch(tell)
      return () => {
        isHeard = false
        stop()
      }
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}
