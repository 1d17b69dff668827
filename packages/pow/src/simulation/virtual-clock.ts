import type { Clock } from '../clock.ts'

interface Timer {
  timeMs: number
  order: number
  callback: (() => void) | null
}

/** A clock that stands still until it is moved on; what is due at once happens in the order of planning. */
export interface VirtualClock extends Clock {
  advance(durationMs: number): Promise<void>
}

export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs
  let order = 0
  const heap: Timer[] = []
  return {
    now: () => nowMs,
    after(delayMs, callback) {
      order += 1
      const timer: Timer = { timeMs: nowMs + Math.max(0, delayMs), order, callback }
      push(heap, timer)
      return {
        [Symbol.dispose]() {
          timer.callback = null
        },
      }
    },
    async advance(durationMs) {
      const endMs = nowMs + durationMs
      await settle()
      for (let first = heap[0]; first && first.timeMs <= endMs; first = heap[0]) {
        pop(heap)
        if (!first.callback) continue
        nowMs = first.timeMs
        first.callback()
        await settle()
      }
      nowMs = endMs
    },
  }
}

/** Lets promises that wait for nothing outside run to their end. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function push(heap: Timer[], timer: Timer): void {
  heap.push(timer)
  for (let at = heap.length - 1; at > 0; ) {
    const parent = (at - 1) >> 1
    if (!swapIfEarlier(heap, at, parent)) return
    at = parent
  }
}

function pop(heap: Timer[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  heap[0] = last
  for (let at = 0; ; ) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    const child = isEarlier(heap[right], heap[left]) ? right : left
    if (!swapIfEarlier(heap, child, at)) return
    at = child
  }
}

function swapIfEarlier(heap: Timer[], from: number, to: number): boolean {
  const [a, b] = [heap[from], heap[to]]
  if (!a || !b || !isEarlier(a, b)) return false
  heap[to] = a
  heap[from] = b
  return true
}

function isEarlier(a: Timer | undefined, b: Timer | undefined): boolean {
  if (!a || !b) return a !== undefined
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order)
}
