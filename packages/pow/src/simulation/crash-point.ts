/** Calls that change what outlives a process, or that wait for it. */
const durable = new Set(['write', 'newPayload', 'forkchoiceUpdated', 'getPayload'])

/** Makes a node die at one exact call, just before it takes effect or just after. */
export class CrashPoint {
  readonly #at: number
  readonly #afterwards: boolean
  #calls = 0

  constructor(at: number, afterwards: boolean) {
    this.#at = at
    this.#afterwards = afterwards
  }

  /** Whether the call was reached. */
  get happened(): boolean {
    return this.#calls >= this.#at
  }

  /** The same part, except that it dies at the point and answers nothing from then on. */
  watch<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        const method = member.bind(target)
        if (typeof name !== 'string' || !durable.has(name)) return method
        return (...args: unknown[]) => this.#pass(() => method(...args))
      },
    })
  }

  async #pass(call: () => unknown): Promise<unknown> {
    this.#calls += 1
    if (this.#calls > this.#at) return new Promise(() => {})
    if (this.#calls < this.#at) return call()
    if (this.#afterwards) await call()
    return new Promise(() => {})
  }
}
