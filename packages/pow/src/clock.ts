/** Time, injected so that a simulation can own it. */
export interface Clock {
  /** Whole milliseconds since 1970. */
  now(): number
  /** Calls back once after `delayMs`, or after 24 days when that is longer; disposing cancels. */
  after(delayMs: number, callback: () => void): Disposable
}

/** Node fires longer ones at once. */
const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), longestTimerMs))
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}
