/** Time, injected so that a simulation can own it. */
export interface Clock {
  /** Milliseconds since 1970. */
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

/** Rejects with the signal's reason when aborted. */
export function sleepUntil(timeMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const delayMs = timeMs - clock.now()
    if (delayMs <= 0) return resolve()
    const stop = () => {
      timer[Symbol.dispose]()
      reject(signal.reason)
    }
    const timer = clock.after(delayMs, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}
