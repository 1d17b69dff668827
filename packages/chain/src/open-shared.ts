import { genesisHashOf } from '@quoin/execution'
import type { Hex, Logger, Scope } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import type { Network } from '@quoin/network'
import { type ExecutionWorker, type OwnerMethods, openExecutionWorker } from '@quoin/rpc'
import type { DataPaths } from './data-folder.ts'
import { networkIdOf } from './genesis-id.ts'
import type { Genesis } from './genesis-schema.ts'
import type { ChainOptions } from './interface.ts'
import { openChainNetwork } from './network/open-chain-network.ts'
import { createTransactionGossip, type TransactionGossip } from './network/transaction-gossip.ts'

/** What is there before anything is opened. */
export interface Groundwork {
  options: ChainOptions & { logger: Logger }
  genesis: Genesis
  paths: DataPaths
  /** Closes what is opened in reverse. */
  scope: Scope
}

/** Groundwork with the way to other nodes, by which the rest may come. */
export interface Connected extends Groundwork {
  /** Hash of execution's block 0. */
  executionGenesis: Hex
  /** Null for a node that is alone. */
  network: Network | null
}

/** What both kinds of consensus stand on. */
export interface Shared extends Connected {
  execution: ExecutionWorker
  gossip: TransactionGossip | null
}

export async function connect(groundwork: Groundwork): Promise<Connected> {
  const { options, genesis, scope } = groundwork
  const executionGenesis = genesisHashOf(genesis)
  const chain = networkIdOf(genesis, executionGenesis)
  const { logger } = options
  const network = options.network
    ? scope.own(await openChainNetwork(options.network, { chain, logger }))
    : null
  return { ...groundwork, executionGenesis, network }
}

/** Opens execution with its RPC server, and the way of transactions over the network. */
export async function openShared(connected: Connected, methods: OwnerMethods): Promise<Shared> {
  const { options, genesis, paths, scope, network } = connected
  const { logger, rpc } = options
  const execution = scope.own(
    await openExecutionWorker({
      execution: { dataDir: paths.execution, genesis },
      rpc,
      methods,
      logger,
    }),
  )
  const log = logger.child({ module: 'transactions' })
  const gossip = network && scope.own(createTransactionGossip(network, execution, log))
  return { ...connected, execution, gossip }
}

/** What every chain shows, whatever its consensus. */
export function viewOf({ options, genesis, execution, network, scope }: Shared) {
  return {
    genesis,
    rpcUrl: execution.rpcUrl,
    webSocketUrl: execution.rpcWebSocketUrl,
    validator: options.validatorKey && privateKeyToAddress(options.validatorKey),
    execution,
    network,
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  }
}

export async function statusOf({ execution, network, gossip }: Shared) {
  return {
    peers: network?.peers() ?? [],
    execution: await execution.status(),
    transactions: gossip && { ...gossip.counts },
  }
}

/** Hears of the first failure of the engine or the execution. */
export function failuresOf(
  { execution }: Shared,
  engine: { onFailure(listener: (failure: Error) => void): () => void },
): (listener: (failure: Error) => void) => () => void {
  return (listener) => {
    let isWanted = true
    const tell = (failure: Error) => {
      if (!isWanted) return
      isWanted = false
      listener(failure)
    }
    const stop = engine.onFailure(tell)
    execution.stopped.catch(tell)
    return () => {
      isWanted = false
      stop()
    }
  }
}
