/**
 * Items that are handled one after another: the engine's only thread. What the engine tells itself comes
 * first and is never dropped; what comes from outside waits in a bounded queue of its source, and the
 * sources take turns, so that a flood delays only those who make it. A failing handler stops all.
 */
export class Mailbox<T> implements AsyncDisposable {
  readonly #handle: (item: T) => Promise<void>
  readonly #onFailure: (error: unknown) => void
  readonly #capacity: number
  readonly #weigh: (item: T) => number
  #own: T[] = []
  /** In the order of their turns. */
  readonly #sources = new Map<string, { items: T[]; weight: number }>()
  #running: Promise<void> | null = null
  #closed = false

  constructor(
    handle: (item: T) => Promise<void>,
    {
      onFailure,
      capacity,
      weigh = () => 1,
    }: {
      onFailure: (error: unknown) => void
      /** How much may wait from one source. */
      capacity: number
      /** What an item counts towards the capacity; 1 by default. */
      weigh?: (item: T) => number
    },
  ) {
    this.#handle = handle
    this.#onFailure = onFailure
    this.#capacity = capacity
    this.#weigh = weigh
  }

  /** For what the engine tells itself. */
  push(item: T): void {
    if (this.#closed) return
    this.#own.push(item)
    this.#wake()
  }

  /** For what comes from outside: false, and dropped, when the source's queue is full. */
  offer(item: T, source = ''): boolean {
    if (this.#closed) return false
    const weight = this.#weigh(item)
    const queue = this.#sources.get(source) ?? { items: [], weight: 0 }
    if (queue.weight > 0 && queue.weight + weight > this.#capacity) return false
    queue.items.push(item)
    queue.weight += weight
    this.#sources.set(source, queue)
    this.#wake()
    return true
  }

  #wake(): void {
    // Not at once: a handler that pushes must not start a second run inside the first.
    this.#running ??= Promise.resolve().then(() => this.#run())
  }

  async #run(): Promise<void> {
    try {
      for (let item = this.#next(); item !== undefined; item = this.#next())
        if (!this.#closed) await this.#handle(item)
    } catch (error) {
      this.#closed = true
      this.#own = []
      this.#sources.clear()
      this.#onFailure(error)
    } finally {
      this.#running = null
    }
  }

  #next(): T | undefined {
    if (this.#own.length > 0) return this.#own.shift()
    for (const [source, queue] of this.#sources) {
      const item = queue.items.shift()
      this.#sources.delete(source)
      if (item === undefined) continue
      queue.weight -= this.#weigh(item)
      if (queue.items.length > 0) this.#sources.set(source, queue)
      return item
    }
    return undefined
  }

  /** Takes nothing more and waits for the item in hand. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#running
  }
}
