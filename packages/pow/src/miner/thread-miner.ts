import { Worker } from 'node:worker_threads'
import { CodedError, type Logger } from '@quoin/kernel'
import type { PowErrorCode } from '../errors.ts'
import { RateMeter } from './hash-rate.ts'
import type { Miner, MinerStatus, MiningJob } from './miner.ts'
import { createSharedJob, writeJob } from './shared-job.ts'
import type { FoundMessage, MinerWorkerData } from './worker-messages.ts'

export interface ThreadMinerOptions {
  /** One by default. */
  threads?: number
  logger: Logger
}

/** Mines in worker threads of the lowest priority; they start with the first job. */
export function createThreadMiner(options: ThreadMinerOptions): Miner {
  return new ThreadMiner(options)
}

class ThreadMiner implements Miner {
  readonly #threads: number
  readonly #logger: Logger
  readonly #memory = createSharedJob()
  readonly #ended: Promise<void>[] = []
  readonly #failureListeners = new Set<(cause: unknown) => void>()
  readonly #rate = new RateMeter(() => Number(Atomics.load(this.#memory.shared.hashes, 0)))
  #version = 0
  #onFound: ((nonce: bigint) => void) | null = null
  #isClosed = false

  constructor({ threads = 1, logger }: ThreadMinerOptions) {
    if (!Number.isSafeInteger(threads) || threads < 1)
      throw new CodedError<PowErrorCode>('MINER_FAILED', `Cannot mine with ${threads} threads`)
    this.#threads = threads
    this.#logger = logger
  }

  get status(): MinerStatus {
    return {
      threads: this.#threads,
      isMining: this.#onFound !== null,
      hashesPerSecond: this.#rate.perSecond(),
    }
  }

  start(job: MiningJob, onFound: (nonce: bigint) => void): void {
    if (this.#isClosed) return
    if (this.#ended.length === 0) this.#startThreads()
    this.#onFound = onFound
    this.#version = (this.#version % 0x7fffffff) + 1
    this.#rate.run()
    writeJob(this.#memory.shared, this.#version, job)
  }

  stop(): void {
    this.#onFound = null
    this.#rate.pause()
    Atomics.store(this.#memory.shared.control, 0, 0)
  }

  onFailure(listener: (cause: unknown) => void): () => void {
    this.#failureListeners.add(listener)
    return () => this.#failureListeners.delete(listener)
  }

  #startThreads(): void {
    for (let index = 0; index < this.#threads; index++) {
      const workerData: MinerWorkerData = {
        memory: this.#memory.memory,
        index,
        threads: this.#threads,
      }
      const worker = new Worker(new URL('./miner-worker.ts', import.meta.url), {
        workerData,
        name: `quoin-miner-${index}`,
      })
      this.#ended.push(new Promise((resolve) => worker.once('exit', () => resolve())))
      worker.on('message', (message: FoundMessage) => this.#found(message))
      worker.on('error', (cause) => this.#fail(cause))
    }
    this.#logger.info({ threads: this.#threads }, 'miner threads started')
  }

  #found({ version, nonce }: FoundMessage): void {
    const onFound = this.#onFound
    if (version !== this.#version || !onFound) return
    this.stop()
    onFound(nonce)
  }

  #fail(cause: unknown): void {
    if (this.#isClosed) return
    this.stop()
    for (const listener of this.#failureListeners) listener(cause)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.stop()
    Atomics.store(this.#memory.shared.control, 0, -1)
    Atomics.notify(this.#memory.shared.control, 0)
    await Promise.all(this.#ended)
  }
}
