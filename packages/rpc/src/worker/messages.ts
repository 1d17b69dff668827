import type { EngineApi, ExecutionHead, ReadCall, ReadOutcome } from '@quoin/engine'
import type { PruneOptions, PruneResult } from '@quoin/execution'
import { CodedError, type ErrorDetail, type LogFields } from '@quoin/kernel'
import type { RpcServerStatus } from '../server/rpc-server.ts'
import type { IntakeCounts } from './transaction-intake.ts'

/** What the owner's thread may ask of the worker: plain data in, plain data out. */
export interface WorkerCalls extends EngineApi {
  head(): Promise<ExecutionHead>
  /** Resolves when the pool holds a transaction that could go into the next block. */
  pendingTransactions(): Promise<void>
  call(request: ReadCall): Promise<ReadOutcome>
  /** A JSON-RPC text and its answer. */
  answer(body: string): Promise<string | null>
  addTransactions(raws: Uint8Array[]): Promise<IntakeCounts>
  pooledTransactions(limits: { maxBytes: number; isLocalOnly: boolean }): Promise<Uint8Array[]>
  stateParts(hashes: Uint8Array[]): Promise<(Uint8Array | null)[]>
  prune(options: Omit<PruneOptions, 'signal'>): Promise<PruneResult>
  status(): Promise<ExecutionWorkerStatus>
}

export interface ExecutionWorkerStatus {
  head: ExecutionHead
  pool: { pending: number; queued: number }
  rpc: RpcServerStatus
}

export type CallName = keyof WorkerCalls

/** One call, its arguments typed by its name. */
export type Call = {
  [Name in CallName]: { name: Name; args: Parameters<WorkerCalls[Name]> }
}[CallName]

export type ToWorker =
  | { type: 'call'; id: number; call: Call }
  | { type: 'cancel'; id: number }
  /** Answers to `ask`. */
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'refusal'; id: number; error: ErrorMessage }
  | { type: 'close' }

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export type FromWorker =
  | { type: 'ready'; rpcUrl: string; rpcWebSocketUrl: string; engineUrl: string | null }
  | { type: 'result'; id: number; value: unknown }
  | { type: 'error'; id: number; error: ErrorMessage }
  /** A client's request of a method that the owner answers; `unask` when nobody waits any more. */
  | { type: 'ask'; id: number; method: string; params: readonly unknown[] }
  | { type: 'unask'; id: number }
  | { type: 'log'; level: LogLevel; fields: LogFields; message: string }
  /** Transactions that clients sent and the pool took. */
  | { type: 'transactions'; raws: Uint8Array[] }
  /** The worker could not start or could not close; it ends after this. */
  | { type: 'failed'; error: ErrorMessage }

/** An error as it crosses threads: structured cloning would lose codes and classes. */
export interface ErrorMessage {
  code: string | null
  message: string
  detail: ErrorDetail
  stack: string
}

export function errorToMessage(error: unknown): ErrorMessage {
  const coded = error instanceof CodedError
  return {
    code: coded ? error.code : null,
    message: error instanceof Error ? error.message : String(error),
    detail: coded ? error.detail : {},
    stack: (error instanceof Error ? error.stack : undefined) ?? '',
  }
}

export function messageToError({ code, message, detail, stack }: ErrorMessage): Error {
  if (code !== null) return new CodedError(code, message, { detail })
  const error = new Error(message)
  error.stack = stack
  return error
}
