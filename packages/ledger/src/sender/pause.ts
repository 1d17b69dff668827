/** Waits, or returns early when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(done, ms)
  signal.addEventListener('abort', done)
  function done() {
    clearTimeout(timer)
    signal.removeEventListener('abort', done)
    resolve()
  }
  return promise
}
