/**
 * What ties a node to its world. Once cut, nothing that the dead node's unfinished work still does has any
 * effect: its calls never return. It can be set to snap at one exact call, before or after its effect.
 */
export class Lifeline {
  isCut = false
  /** Calls that change what outlives the node. */
  calls = 0
  #snapAt = Number.POSITIVE_INFINITY
  #isAfterwards = false
  #onSnap: () => void = () => {}

  cut(): void {
    this.isCut = true
  }

  /** Dies at the n-th durable call from now. */
  snapIn(calls: number, isAfterwards: boolean, onSnap: () => void): void {
    this.#snapAt = this.calls + calls
    this.#isAfterwards = isAfterwards
    this.#onSnap = onSnap
  }

  /** The same part, of which `durable` names the methods that a crash may come before or after. */
  tie<T extends object>(part: T, durable: ReadonlySet<string>, delay?: () => Promise<void>): T {
    return new Proxy(part, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        if (typeof name === 'string' && durable.has(name))
          return (...args: unknown[]) => this.#pass(() => member.apply(target, args), delay)
        if (name === 'peers') return () => (this.isCut ? [] : member.apply(target, []))
        return (...args: unknown[]) => (this.isCut ? never() : member.apply(target, args))
      },
    })
  }

  async #pass(call: () => unknown, delay?: () => Promise<void>): Promise<unknown> {
    await delay?.()
    if (this.isCut) return never()
    this.calls += 1
    const isLast = this.calls === this.#snapAt
    if (isLast && !this.#isAfterwards) return this.#snap()
    const result = await call()
    if (isLast) return this.#snap()
    return this.isCut ? never() : result
  }

  #snap(): Promise<never> {
    this.cut()
    this.#onSnap()
    return never()
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}
