import type { Worker } from 'node:worker_threads'
import { CodedError, type Logger } from '@quoin/kernel'
import {
  type Call,
  type CallName,
  type FromWorker,
  messageToError,
  type ToWorker,
  type WorkerCalls,
} from './messages.ts'
import { type OwnerMethods, OwnerMethodsServer } from './owner-methods.ts'

export type ExecutionWorkerErrorCode = 'EXECUTION_STOPPED' | 'EXECUTION_CLOSED'

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** The owner's end of the port: matches answers to calls and turns the thread's end into errors. */
export class WorkerLink {
  readonly #worker: Worker
  readonly #logger: Logger
  readonly #methods: OwnerMethodsServer
  readonly #waiting = new Map<number, Waiting>()
  readonly #ready = Promise.withResolvers<Extract<FromWorker, { type: 'ready' }>>()
  readonly #stopped = Promise.withResolvers<void>()
  readonly #transactionListeners = new Set<(raws: Uint8Array[]) => void>()
  #lastId = 0
  #closing = false
  #hasEnded = false
  #failure: Error | null = null

  constructor(worker: Worker, { logger, methods }: { logger: Logger; methods: OwnerMethods }) {
    this.#worker = worker
    this.#logger = logger
    this.#methods = new OwnerMethodsServer(methods, (message) => this.#post(message))
    this.#ready.promise.catch(() => {})
    this.#stopped.promise.catch(() => {})
    worker.on('message', (message: FromWorker) => this.#receive(message))
    worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error : new Error(String(error))
    })
    worker.on('exit', (exitCode) => this.#end(exitCode))
  }

  get ready() {
    return this.#ready.promise
  }

  get stopped() {
    return this.#stopped.promise
  }

  onTransactions(listener: (raws: Uint8Array[]) => void): () => void {
    this.#transactionListeners.add(listener)
    return () => this.#transactionListeners.delete(listener)
  }

  call<Name extends CallName>(
    call: Extract<Call, { name: Name }>,
    signal?: AbortSignal,
  ): ReturnType<WorkerCalls[Name]>
  call(call: Call, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (this.#hasEnded || this.#closing) return reject(closedError())
      const id = ++this.#lastId
      const cancel = () => {
        this.#post({ type: 'cancel', id })
        if (this.#waiting.delete(id)) reject(signal?.reason)
      }
      const settle = () => signal?.removeEventListener('abort', cancel)
      this.#waiting.set(id, {
        resolve: (value) => {
          settle()
          resolve(value)
        },
        reject: (error) => {
          settle()
          reject(error)
        },
      })
      signal?.addEventListener('abort', cancel, { once: true })
      this.#post({ type: 'call', id, call })
    })
  }

  async close(withinMs: number): Promise<void> {
    if (!this.#closing && !this.#hasEnded) {
      this.#closing = true
      this.#post({ type: 'close' })
    }
    const timer = setTimeout(() => {
      this.#logger.error({ withinMs }, 'The execution did not close in time and was ended')
      void this.#worker.terminate()
    }, withinMs)
    try {
      await this.#stopped.promise
    } finally {
      clearTimeout(timer)
    }
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.#ready.resolve(message)
        return
      case 'failed':
        this.#failure = messageToError(message.error)
        return
      case 'log':
        this.#logger[message.level](message.fields, message.message)
        return
      case 'ask':
        void this.#methods.receive(message)
        return
      case 'unask':
        this.#methods.cancel(message.id)
        return
      case 'transactions':
        for (const listener of this.#transactionListeners) listener(message.raws)
        return
      case 'result':
        this.#waiting.get(message.id)?.resolve(message.value)
        break
      case 'error':
        this.#waiting.get(message.id)?.reject(messageToError(message.error))
    }
    this.#waiting.delete(message.id)
  }

  #end(exitCode: number): void {
    this.#hasEnded = true
    this.#methods.cancelAll()
    const error = stoppedError(this.#failure, exitCode)
    this.#ready.reject(this.#failure instanceof CodedError ? this.#failure : error)
    for (const waiting of this.#waiting.values())
      waiting.reject(this.#closing ? closedError() : error)
    this.#waiting.clear()
    if (this.#closing && !this.#failure) this.#stopped.resolve()
    else this.#stopped.reject(error)
  }
}

function stoppedError(cause: Error | null, exitCode: number) {
  return new CodedError<ExecutionWorkerErrorCode>(
    'EXECUTION_STOPPED',
    `The execution's thread ended unexpectedly (exit code ${exitCode}): ${cause?.message ?? 'no reason given'}. Restart the node; its state is as of the last block made durable.`,
    { cause, detail: { exitCode } },
  )
}

function closedError() {
  return new CodedError<ExecutionWorkerErrorCode>(
    'EXECUTION_CLOSED',
    'The execution is closed: no more calls are possible',
  )
}
