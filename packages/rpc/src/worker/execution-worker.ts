import { Worker } from 'node:worker_threads'
import type { ExecutionLayer } from '@quoin/engine'
import type { ExecutionOptions, PruneOptions, PruneResult } from '@quoin/execution'
import { type Logger, silentLogger } from '@quoin/kernel'
import type { EngineServerOptions } from '../engine-server/engine-server.ts'
import type { RpcServerOptions } from '../server/rpc-server.ts'
import type { ExecutionWorkerStatus } from './messages.ts'
import type { OwnerMethods } from './owner-methods.ts'
import type { IntakeCounts } from './transaction-intake.ts'
import { WorkerLink } from './worker-link.ts'

/** What crosses to the worker: plain data only. */
export interface WorkerSettings {
  execution: Omit<ExecutionOptions, 'logger' | 'nowMs'>
  rpc: Pick<RpcServerOptions, 'host' | 'port' | 'origins' | 'limits' | 'clientVersion'>
  /** Serves the Engine API too, to a consensus client elsewhere. */
  engine?: Pick<EngineServerOptions, 'host' | 'port' | 'secret'>
  /** Names of the JSON-RPC methods that the owner's thread answers. */
  ownerMethods?: readonly string[]
}

export interface ExecutionWorkerOptions extends Omit<WorkerSettings, 'ownerMethods'> {
  /** JSON-RPC methods besides those of the execution, answered on this thread. */
  methods?: OwnerMethods
  logger?: Logger
  /** How long a clean close may take before the thread is ended, in milliseconds. */
  closeMs?: number
  /** The most that the thread's heap may grow to, in MiB; Node's own limit by default. */
  heapMib?: number
}

/** An execution with its JSON-RPC server in a thread of its own, driven through the Engine API. */
export interface ExecutionWorker extends ExecutionLayer {
  readonly rpcUrl: string
  readonly rpcWebSocketUrl: string
  /** Null when the Engine API is not served. */
  readonly engineUrl: string | null
  status(): Promise<ExecutionWorkerStatus>
  /** See `Execution.stateParts`. */
  stateParts(hashes: Uint8Array[]): Promise<(Uint8Array | null)[]>
  /** See `Execution.prune`. */
  prune(options: PruneOptions): Promise<PruneResult>
  /** The answer to a JSON-RPC text, as a client over HTTP would get it; null when none is due. */
  answer(body: string): Promise<string | null>
  /** Raw transactions that clients sent here and the pool took, soon after, several at a time. */
  onTransactions(listener: (raws: Uint8Array[]) => void): () => void
  /** Offers raw transactions of other nodes to the pool. Never rejects because of one of them. */
  addTransactions(raws: Uint8Array[]): Promise<IntakeCounts>
  /** What waits in the pool, each sender's in the order of nonces, up to a size. */
  pooledTransactions(limits: { maxBytes: number; isLocalOnly: boolean }): Promise<Uint8Array[]>
  /**
   * Resolves after a close that was asked for; rejects with CodedError EXECUTION_STOPPED when the
   * thread ends otherwise. Calls that were under way reject with the same error.
   */
  readonly stopped: Promise<void>
}

/**
 * Opens the execution in a worker thread and serves its JSON-RPC there.
 * @throws CodedError of the execution (a locked folder, another genesis) or PORT_IN_USE, LISTEN_FAILED
 */
export async function openExecutionWorker(
  options: ExecutionWorkerOptions,
): Promise<ExecutionWorker> {
  const { logger = silentLogger, closeMs = 15_000, heapMib, methods = {}, ...rest } = options
  const workerData: WorkerSettings = { ...rest, ownerMethods: Object.keys(methods) }
  const worker = new Worker(new URL('./worker-main.ts', import.meta.url), {
    workerData,
    name: 'quoin-execution',
    ...(heapMib === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMib } }),
  })
  const link = new WorkerLink(worker, { logger, methods })
  const { rpcUrl, rpcWebSocketUrl, engineUrl } = await link.ready
  return {
    rpcUrl,
    rpcWebSocketUrl,
    engineUrl,
    stopped: link.stopped,
    forkchoiceUpdated: (...args) => link.call({ name: 'forkchoiceUpdated', args }),
    getPayload: (...args) => link.call({ name: 'getPayload', args }),
    newPayload: (...args) => link.call({ name: 'newPayload', args }),
    head: () => link.call({ name: 'head', args: [] }),
    status: () => link.call({ name: 'status', args: [] }),
    call: (request) => link.call({ name: 'call', args: [request] }),
    answer: (body) => link.call({ name: 'answer', args: [body] }),
    onTransactions: (listener) => link.onTransactions(listener),
    addTransactions: (raws) => link.call({ name: 'addTransactions', args: [raws] }),
    pooledTransactions: (limits) => link.call({ name: 'pooledTransactions', args: [limits] }),
    stateParts: (hashes) => link.call({ name: 'stateParts', args: [hashes] }),
    prune: ({ signal, ...options }) => link.call({ name: 'prune', args: [options] }, signal),
    pendingTransactions: ({ signal }) =>
      link.call({ name: 'pendingTransactions', args: [] }, signal),
    [Symbol.asyncDispose]: () => link.close(closeMs),
  }
}
