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

/** What both kinds of consensus stand on. */
export interface Shared extends Groundwork {
  execution: ExecutionWorker
  /** Hash of execution's block 0. */
  executionGenesis: Hex
  network: Network | null
  gossip: TransactionGossip | null
}

/** Opens execution with its RPC server, then the network and the way of transactions over it. */
export async function openShared(groundwork: Groundwork, methods: OwnerMethods): Promise<Shared> {
  const { options, genesis, paths, scope } = groundwork
  const { logger, rpc } = options
  const execution = scope.own(
    await openExecutionWorker({
      execution: { dataDir: paths.execution, genesis },
      rpc,
      methods,
      logger,
    }),
  )
  const { genesisHash: executionGenesis } = await execution.head()
  const chain = networkIdOf(genesis, executionGenesis)
  const network = options.network
    ? scope.own(await openChainNetwork(options.network, { chain, logger }))
    : null
  const log = logger.child({ module: 'transactions' })
  const gossip = network && scope.own(createTransactionGossip(network, execution, log))
  return { ...groundwork, execution, executionGenesis, network, gossip }
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
