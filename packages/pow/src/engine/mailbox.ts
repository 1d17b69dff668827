/**
 * A bounded queue whose items are handled one after another, in order: the engine's only thread.
 * A failing handler stops the queue.
 */
export class Mailbox<T> implements AsyncDisposable {
  readonly #handle: (item: T) => Promise<void>
  readonly #onFailure: (error: unknown) => void
  readonly #capacity: number
  #items: T[] = []
  #running: Promise<void> | null = null
  #closed = false

  constructor(
    handle: (item: T) => Promise<void>,
    { onFailure, capacity }: { onFailure: (error: unknown) => void; capacity: number },
  ) {
    this.#handle = handle
    this.#onFailure = onFailure
    this.#capacity = capacity
  }

  /** For what the engine tells itself: never dropped. */
  push(item: T): void {
    if (this.#closed) return
    this.#items.push(item)
    // Not at once: a handler that pushes must not start a second run inside the first.
    this.#running ??= Promise.resolve().then(() => this.#run())
  }

  /** For what comes from outside: false, and dropped, when the queue is full or closed. */
  offer(item: T): boolean {
    if (this.#closed || this.#items.length >= this.#capacity) return false
    this.push(item)
    return true
  }

  async #run(): Promise<void> {
    try {
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift())
        if (!this.#closed) await this.#handle(item)
    } catch (error) {
      this.#closed = true
      this.#items = []
      this.#onFailure(error)
    } finally {
      this.#running = null
    }
  }

  /** Takes nothing more and waits for the item in hand. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#running
  }
}
