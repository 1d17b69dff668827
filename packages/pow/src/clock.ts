/** Time, injected so that a simulation can own it. */
export interface Clock {
  /** Whole milliseconds since 1970. */
  now(): number
  /** Calls back once after `delayMs`; disposing cancels. */
  after(delayMs: number, callback: () => void): Disposable
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.max(0, delayMs))
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}
