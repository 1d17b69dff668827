import type { ExecutionLayer } from '@quoin/engine'
import type { Clock } from './clock.ts'

export interface Pace {
  /** At most one block in this time. */
  blockTimeMs: number
  /** An empty block when nothing has happened for this long. */
  heartbeatMs: number
}

/**
 * Resolves when it is time to decide the next height: a transaction waits and the block time has
 * passed since the last block (at once, when it has long passed), or the heartbeat is due.
 * Rejects with the signal's reason when aborted.
 */
export async function waitForDue(
  { lastBlockMs, earliestMs }: { lastBlockMs: number; earliestMs: number },
  pace: Pace,
  { clock, execution, signal }: { clock: Clock; execution: ExecutionLayer; signal: AbortSignal },
): Promise<void> {
  const last = Math.min(lastBlockMs, clock.now())
  await sleepUntil(Math.max(last + pace.blockTimeMs, earliestMs), clock, signal)
  const done = new AbortController()
  const either = AbortSignal.any([signal, done.signal])
  try {
    await Promise.race([
      execution.pendingTransactions({ signal: either }),
      sleepUntil(last + pace.heartbeatMs, clock, either),
    ])
  } finally {
    done.abort()
  }
}

function sleepUntil(timeMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
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
