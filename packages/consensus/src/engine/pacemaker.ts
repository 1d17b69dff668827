import type { ExecutionLayer } from '@quoin/engine'
import { type Clock, sleepUntil } from './clock.ts'

export interface Pace {
  /** At most one block in this time. */
  blockTimeMs: number
  /** An empty block when nothing has happened for this long. */
  heartbeatMs: number
}

export interface DueTimes {
  lastBlockMs: number
  earliestMs: number
}

/** Before this no height is begun by ourselves. A last block from our future counts as from now. */
function floorMs({ lastBlockMs, earliestMs }: DueTimes, pace: Pace, nowMs: number): number {
  return Math.max(Math.min(lastBlockMs, nowMs) + pace.blockTimeMs, earliestMs)
}

/**
 * Resolves when it is time to decide the next height: the block time has passed since the last block (at
 * once, when it has long passed) and a transaction waits, or `woken` resolves because another validator
 * has begun, or the heartbeat is due. Rejects with the signal's reason when aborted.
 */
export async function waitForDue(
  times: DueTimes,
  pace: Pace,
  {
    clock,
    execution,
    woken,
    signal,
  }: { clock: Clock; execution: ExecutionLayer; woken: Promise<void>; signal: AbortSignal },
): Promise<void> {
  const nowMs = clock.now()
  await sleepUntil(floorMs(times, pace, nowMs), clock, signal)
  const done = new AbortController()
  const either = AbortSignal.any([signal, done.signal])
  try {
    await Promise.race([
      woken,
      execution.pendingTransactions({ signal: either }),
      sleepUntil(Math.min(times.lastBlockMs, nowMs) + pace.heartbeatMs, clock, either),
    ])
    signal.throwIfAborted()
  } finally {
    done.abort()
  }
}
