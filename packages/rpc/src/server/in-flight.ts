import { rpcError } from '../errors.ts'

/** Counts what is being answered, across all connections, and lets a stop wait for it. */
export class InFlight {
  #count = 0
  readonly #most: number
  #idle: (() => void) | null = null

  constructor(most: number) {
    this.#most = most
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count >= this.#most
  }

  fullError() {
    return rpcError(
      'LIMIT_EXCEEDED',
      `too many requests: ${this.#most} are being answered, try again`,
    )
  }

  async track<T>(work: Promise<T>): Promise<T> {
    this.#count++
    try {
      return await work
    } finally {
      this.#count--
      if (this.#count === 0) this.#idle?.()
    }
  }

  /** Resolves when nothing is under way, or after `withinMs`. */
  async drained(withinMs: number): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      this.#idle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
