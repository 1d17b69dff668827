import type { Clock } from '../engine/clock.ts'
import { createAgenda } from './agenda.ts'

/** A clock that stands still until it is moved on. */
export interface VirtualClock extends Clock {
  /** Moves on, running what falls due in order and letting each settle before the next. */
  advance(durationMs: number): Promise<void>
}

export function createVirtualClock(startMs: number): VirtualClock {
  const agenda = createAgenda()
  let elapsedMs = 0
  return {
    now: () => startMs + Math.max(elapsedMs, agenda.nowMs),
    // The agenda stands at its last entry, which may be behind the time that we have moved on to.
    after: (delayMs, callback) =>
      agenda.after(Math.max(0, delayMs) + Math.max(0, elapsedMs - agenda.nowMs), callback),
    async advance(durationMs) {
      const endMs = elapsedMs + durationMs
      await settle()
      for (;;) {
        const nextMs = agenda.nextMs()
        if (nextMs === null || nextMs > endMs) break
        elapsedMs = nextMs
        agenda.next()
        await settle()
      }
      elapsedMs = endMs
    },
  }
}

/** Lets promises that wait for nothing outside run to their end. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
