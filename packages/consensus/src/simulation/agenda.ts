interface Entry {
  timeMs: number
  order: number
  run: () => void
}

/** A virtual clock: what is planned happens in the order of time, then of planning. */
export interface Agenda {
  readonly nowMs: number
  after(delayMs: number, run: () => void): void
  /** Runs the next entry; false when nothing is planned. */
  next(): boolean
}

export function createAgenda(): Agenda {
  const heap: Entry[] = []
  let nowMs = 0
  let order = 0
  return {
    get nowMs() {
      return nowMs
    },
    after(delayMs, run) {
      order += 1
      heap.push({ timeMs: nowMs + delayMs, order, run })
      rise(heap, heap.length - 1)
    },
    next() {
      const [first] = heap
      const last = heap.pop()
      if (!first || !last) return false
      if (first !== last) {
        heap[0] = last
        sink(heap, 0)
      }
      nowMs = first.timeMs
      first.run()
      return true
    },
  }
}

function rise(heap: Entry[], start: number): void {
  for (let index = start; index > 0; ) {
    const parent = (index - 1) >> 1
    if (!swapIfEarlier(heap, index, parent)) return
    index = parent
  }
}

function sink(heap: Entry[], start: number): void {
  for (let index = start; ; ) {
    const [left, right] = [2 * index + 1, 2 * index + 2]
    const child = isEarlier(heap[right], heap[left]) ? right : left
    if (!swapIfEarlier(heap, child, index)) return
    index = child
  }
}

function swapIfEarlier(heap: Entry[], from: number, to: number): boolean {
  const [a, b] = [heap[from], heap[to]]
  if (!a || !b || !isEarlier(a, b)) return false
  heap[to] = a
  heap[from] = b
  return true
}

function isEarlier(a: Entry | undefined, b: Entry | undefined): boolean {
  if (!a || !b) return a !== undefined
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order)
}
