import { modelError } from '../core/errors.ts'

export interface BatcherOptions<Item, Result> {
  /** Rows of one run at most. */
  maxRows: number
  /** Runs at a time; further items gather meanwhile. */
  maxRuns: number
  /** Items that may wait; one more is refused. */
  maxQueue: number
  rowsOf(item: Item): number
  /** Items with equal keys may share a run. */
  keyOf(item: Item): string
  /** One result for each item, in order. */
  run(items: Item[]): Promise<Result[]>
}

interface Waiting<Item, Result> {
  item: Item
  resolve(result: Result): void
  reject(error: unknown): void
}

/**
 * Joins calls that arrive while earlier ones run, or in the same turn of the event loop. A lone call
 * waits for nothing, and batches grow with the load by themselves.
 */
export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>
  #waiting: Waiting<Item, Result>[] = []
  #runs = 0
  #scheduled = false

  constructor(options: BatcherOptions<Item, Result>) {
    this.#options = options
  }

  async submit(item: Item, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted()
    if (this.#waiting.length >= this.#options.maxQueue)
      throw modelError(
        'OVERLOADED',
        `${this.#waiting.length} calls are waiting for this model already: try again in a moment`,
        { detail: { waiting: this.#waiting.length } },
      )
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const waiting = { item, resolve, reject }
    const onAbort = () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#waiting.push(waiting)
    this.#schedule()
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      while (this.#waiting.length > 0 && this.#runs < this.#options.maxRuns)
        void this.#runBatch(this.#takeBatch())
    })
  }

  #takeBatch(): Waiting<Item, Result>[] {
    const { rowsOf, keyOf, maxRows } = this.#options
    const batch: Waiting<Item, Result>[] = []
    const rest: Waiting<Item, Result>[] = []
    let rows = 0
    for (const waiting of this.#waiting) {
      const first = batch[0]
      const size = rowsOf(waiting.item)
      const joins =
        first === undefined || (rows + size <= maxRows && keyOf(first.item) === keyOf(waiting.item))
      if (joins) rows += size
      ;(joins ? batch : rest).push(waiting)
    }
    this.#waiting = rest
    return batch
  }

  async #runBatch(batch: Waiting<Item, Result>[]): Promise<void> {
    this.#runs += 1
    try {
      const results = await this.#options.run(batch.map(({ item }) => item))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index]
        if (result === undefined) reject(modelError('MODEL_FAILED', 'The batch lost a call'))
        else resolve(result)
      }
    } catch (error) {
      await this.#runAlone(batch, error)
    } finally {
      this.#runs -= 1
      this.#schedule()
    }
  }

  /** One bad input must not fail those that happened to arrive with it. */
  async #runAlone(batch: Waiting<Item, Result>[], error: unknown): Promise<void> {
    for (const { item, resolve, reject } of batch) {
      if (batch.length === 1) return reject(error)
      await this.#options.run([item]).then(([result]) => {
        if (result !== undefined) resolve(result)
      }, reject)
    }
  }
}
