import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { marketError } from '../errors.ts'
import { Reads } from './reads.ts'
import { openReader } from './sqlite.ts'
import type { Write, WriterReply, WriterRequest, WriteUnit } from './statements.ts'

interface Pending {
  unit: WriteUnit
  resolve: () => void
  reject: (error: Error) => void
  onFailure: () => void
}

/** More than this many units in the queue means that the disk does not keep up. */
const maxQueued = 20_000

/**
 * The market's durable records: writes go to a worker that commits everything that waits in one
 * transaction; reads come from a second connection on this thread.
 */
export class Store implements AsyncDisposable {
  readonly reads: Reads
  readonly #worker: Worker
  readonly #reader: DatabaseSync
  #queue: Pending[] = []
  #running: Pending[] = []
  #broken: Error | null = null
  #closing = false

  private constructor(worker: Worker, reader: DatabaseSync) {
    this.#worker = worker
    this.#reader = reader
    this.reads = new Reads(reader)
    worker.on('message', (reply: WriterReply) => this.#settle(reply))
    worker.on('error', (error) => this.#break(error))
    worker.on('exit', () => this.#break(new Error('The writer thread ended')))
  }

  /** @throws CodedError `STORE_FAILED` when the folder cannot be written or the file is damaged. */
  static async open(dataDir: string): Promise<Store> {
    const file = join(dataDir, 'market.sqlite')
    try {
      await mkdir(dataDir, { recursive: true })
      const worker = new Worker(new URL('./writer-worker.ts', import.meta.url), {
        workerData: file,
      })
      await once(worker, 'message')
      return new Store(worker, openReader(file))
    } catch (cause) {
      throw marketError('STORE_FAILED', `Cannot open the market's records in ${file}`, { cause })
    }
  }

  /**
   * Resolves when the writes are on the disk, all or none. When they fail, so do all writes of the same
   * lane that were asked for before the failure was known: a channel's counts build on each other.
   * `onFailure` runs before any later write is taken.
   * @throws CodedError `STORE_FAILED` (nothing of the unit was kept), `STORE_BUSY`, `MARKET_CLOSED`
   */
  write(lane: string, writes: Write[], onFailure: () => void = () => {}): Promise<void> {
    if (this.#broken) return Promise.reject(failed(this.#broken.message))
    if (this.#closing) return Promise.reject(marketError('MARKET_CLOSED', 'The market is closed'))
    if (this.#queue.length >= maxQueued)
      return Promise.reject(marketError('STORE_BUSY', 'The disk does not keep up; try again later'))
    return new Promise((resolve, reject) => {
      this.#queue.push({ unit: { lane, writes }, resolve, reject, onFailure })
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#running.length > 0 || this.#queue.length === 0) return
    this.#running = this.#queue
    this.#queue = []
    const request: WriterRequest = { units: this.#running.map(({ unit }) => unit) }
    this.#worker.postMessage(request)
  }

  #settle(reply: WriterReply): void {
    const done = this.#running
    this.#running = []
    const stopped = new Set<string>()
    done.forEach(({ unit, onFailure }, index) => {
      if (reply.failures[index] === null) return
      stopped.add(unit.lane)
      onFailure()
    })
    if (stopped.size > 0) this.#rejectQueued(stopped)
    this.#flush()
    done.forEach(({ resolve, reject }, index) => {
      const failure = reply.failures[index]
      if (failure === null) resolve()
      else reject(failed(failure ?? 'no reply'))
    })
  }

  #rejectQueued(lanes: ReadonlySet<string>): void {
    const stopped = this.#queue.filter(({ unit }) => lanes.has(unit.lane))
    this.#queue = this.#queue.filter(({ unit }) => !lanes.has(unit.lane))
    for (const { reject, onFailure } of stopped) {
      onFailure()
      reject(failed('an earlier write of the same channel failed'))
    }
  }

  #break(cause: Error): void {
    this.#broken ??= cause
    for (const { reject, onFailure } of [...this.#running, ...this.#queue]) {
      onFailure()
      reject(failed(cause.message))
    }
    this.#running = []
    this.#queue = []
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true
    while (this.#running.length > 0 || this.#queue.length > 0) await once(this.#worker, 'message')
    const exited = once(this.#worker, 'exit')
    this.#worker.postMessage('close')
    await exited
    this.#reader.close()
  }
}

function failed(reason: string) {
  return marketError(
    'STORE_FAILED',
    `The market could not write its records (${reason}); nothing was charged. Check the disk`,
    { detail: { reason } },
  )
}
