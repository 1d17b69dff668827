import type { Execution } from '@quoin/execution'
import type { Logger } from '@quoin/kernel'
import type { FilterStore } from '../filters/filter-store.ts'
import type { Subscriptions } from '../subscriptions/subscriptions.ts'

/** What one request may cost. Every number is a ceiling that a caller meets with a clear error. */
export interface MethodLimits {
  /** Gas of eth_call, eth_estimateGas and tracing; geth's --rpc.gascap. */
  callGas: bigint
  /** Blocks that one eth_getLogs may span. */
  logBlocks: number
  /** Logs that one answer may carry. */
  logResults: number
  /** Characters of JSON that one trace may grow to. */
  traceCharacters: number
  /** Slots in one eth_getProof or eth_getStorageValues. */
  storageSlots: number
  /** How long a transaction may be waited for (eth_sendRawTransactionSync), in milliseconds. */
  transactionWaitMs: number
}

export const defaultMethodLimits: MethodLimits = {
  callGas: 50_000_000n,
  logBlocks: 100_000,
  logResults: 10_000,
  traceCharacters: 64 * 1024 * 1024,
  storageSlots: 1024,
  transactionWaitMs: 20_000,
}

/** What a method may use: the execution, the server's filters, and the connection that asked. */
export interface MethodContext {
  readonly execution: Execution
  readonly limits: MethodLimits
  readonly filters: FilterStore
  /** Subscriptions of the asking connection; null over HTTP. */
  readonly subscriptions: Subscriptions | null
  readonly clientVersion: string
  readonly logger: Logger
  /** Aborts when the request's time is up or the server stops. */
  readonly signal: AbortSignal
}

/** A JSON-RPC method: at most `most` arguments, and what to answer (any JSON). */
export interface Method {
  most: number
  run(params: readonly unknown[], context: MethodContext): unknown
}

export type MethodTable = Readonly<Record<string, Method>>

export function method(most: number, run: Method['run']): Method {
  return { most, run }
}
