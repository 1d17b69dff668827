import type { Logger } from '@quoin/kernel'
import { modelError } from '../core/errors.ts'
import type { GenerateChunk } from '../interface.ts'
import type { Work, WorkerSetup, WorkResult } from './protocol.ts'
import { WorkerThread } from './worker-thread.ts'

/** A worker that fails so often in a row before being ready is not started again. */
const maxFailedStarts = 3

export interface WorkerPoolOptions {
  setup: WorkerSetup
  /** Threads; the second and later ones are started when calls wait. */
  maxWorkers: number
  /** Calls that one worker takes turns on. */
  callsPerWorker: number
  /** Calls that may wait; one more is refused. */
  maxQueue: number
  logger: Logger
}

export interface RunOptions {
  signal?: AbortSignal | undefined
  onChunk?: ((chunk: GenerateChunk) => void) | undefined
}

interface QueuedCall {
  work: Work
  onChunk: RunOptions['onChunk']
  /** Called when a worker takes the call. */
  onStart(cancel: () => void): void
  resolve(result: WorkResult): void
  reject(error: unknown): void
}

/** Runs calls on a few worker threads, in order of arrival; replaces a thread that dies. */
export class WorkerPool implements AsyncDisposable {
  readonly #options: WorkerPoolOptions
  readonly #threads = new Set<WorkerThread>()
  readonly #queue: QueuedCall[] = []
  readonly #ready = Promise.withResolvers<void>()
  #failedStarts = 0
  #closed = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#ready.promise.catch(() => undefined)
    this.#spawn()
  }

  /** Resolves when the first worker has been warmed up. */
  ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Waiting calls and running ones. */
  get load(): number {
    return [...this.#threads].reduce((sum, { load }) => sum + load, this.#queue.length)
  }

  get threads(): ReadonlySet<WorkerThread> {
    return this.#threads
  }

  /**
   * An abort takes a waiting call out of the queue and fails it; a running one is asked to stop and
   * settles when it has.
   */
  async run(work: Work, { signal, onChunk }: RunOptions = {}): Promise<WorkResult> {
    signal?.throwIfAborted()
    this.#admit()
    const { promise, resolve, reject } = Promise.withResolvers<WorkResult>()
    let cancel: (() => void) | undefined
    const call: QueuedCall = {
      work,
      onChunk,
      resolve,
      reject,
      onStart: (cancelCall) => {
        cancel = cancelCall
      },
    }
    const onAbort = () => {
      const index = this.#queue.indexOf(call)
      if (index < 0) return cancel?.()
      this.#queue.splice(index, 1)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#queue.push(call)
    this.#dispatch()
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#failQueue('The models are being shut down')
    await Promise.all([...this.#threads].map((thread) => thread[Symbol.asyncDispose]()))
  }

  /** Ends the threads at once, also one that hangs; for models that were never in use. */
  async kill(): Promise<void> {
    this.#closed = true
    this.#failQueue('The model was stopped')
    await Promise.all([...this.#threads].map((thread) => thread.kill()))
  }

  #admit(): void {
    const { maxQueue, setup } = this.#options
    if (this.#closed) throw modelError('MODEL_FAILED', 'The models are being shut down')
    if (this.#threads.size === 0)
      throw modelError('MODEL_FAILED', `${setup.architecture} could not be started: see the log`)
    if (this.#queue.length >= maxQueue)
      throw modelError(
        'OVERLOADED',
        `${maxQueue} calls are waiting for this model already: try again in a moment`,
        { detail: { waiting: this.#queue.length } },
      )
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const thread = this.#leastLoaded()
      if (thread === undefined) break
      const call = this.#queue.shift()
      if (call === undefined) break
      const { result, cancel } = thread.start(call.work, call.onChunk)
      call.onStart(cancel)
      result.then(call.resolve, call.reject).finally(() => this.#dispatch())
    }
    const starting = [...this.#threads].some((thread) => !thread.ready)
    if (this.#queue.length > 0 && !starting && this.#threads.size < this.#options.maxWorkers)
      this.#spawn()
  }

  #leastLoaded(): WorkerThread | undefined {
    return [...this.#threads]
      .filter((thread) => thread.ready && thread.load < this.#options.callsPerWorker)
      .sort((a, b) => a.load - b.load)[0]
  }

  #spawn(): void {
    const { setup, logger } = this.#options
    const startedAt = performance.now()
    const thread = new WorkerThread(setup, {
      onReady: () => {
        this.#failedStarts = 0
        this.#ready.resolve()
        logger.debug({ startMs: Math.round(performance.now() - startedAt) }, 'Model worker ready')
        this.#dispatch()
      },
      onExit: (error) => this.#replace(thread, error),
    })
    this.#threads.add(thread)
  }

  #replace(thread: WorkerThread, error: Error | undefined): void {
    this.#threads.delete(thread)
    if (this.#closed) return
    this.#failedStarts += 1
    this.#options.logger.warn({ error: error?.message }, 'A model worker stopped')
    if (this.#failedStarts < maxFailedStarts) {
      this.#spawn()
      return
    }
    this.#options.logger.error({ error: error?.message }, 'A model cannot be started')
    this.#ready.reject(
      modelError('MODEL_FAILED', `The model's worker stops at its start: ${error?.message}`, {
        cause: error,
      }),
    )
    if (this.#threads.size === 0) this.#failQueue('The model cannot be started: see the log')
  }

  #failQueue(message: string): void {
    for (const call of this.#queue.splice(0)) call.reject(modelError('MODEL_FAILED', message))
  }
}
