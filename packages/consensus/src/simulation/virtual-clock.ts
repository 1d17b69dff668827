import type { Clock } from '../engine/clock.ts'

/** A clock that stands still until it is moved on. */
export interface VirtualClock extends Clock {
  /** Moves on, running what falls due in order and letting each settle before the next. */
  advance(durationMs: number): Promise<void>
}

export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs
  let order = 0
  const timers = new Map<number, { timeMs: number; callback: () => void }>()
  return {
    now: () => nowMs,
    after(delayMs, callback) {
      order += 1
      const key = order
      timers.set(key, { timeMs: nowMs + Math.max(0, delayMs), callback })
      return { [Symbol.dispose]: () => void timers.delete(key) }
    },
    async advance(durationMs) {
      const endMs = nowMs + durationMs
      await settle()
      for (;;) {
        const [first] = [...timers].sort(([a, x], [b, y]) => x.timeMs - y.timeMs || a - b)
        if (!first || first[1].timeMs > endMs) break
        timers.delete(first[0])
        nowMs = Math.max(nowMs, first[1].timeMs)
        first[1].callback()
        await settle()
      }
      nowMs = endMs
    },
  }
}

/** Lets promises that wait for nothing outside run to their end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
