interface Entry {
  timeMs: number
  order: number
  run: (() => void) | null
}

/** A virtual clock: what is planned happens in the order of time, then of planning. */
export interface Agenda {
  readonly nowMs: number
  /** Disposing takes it off the agenda. */
  after(delayMs: number, run: () => void): Disposable
  /** When the next entry is due; null when nothing is planned. */
  nextMs(): number | null
  /** Runs the next entry; false when nothing is planned. */
  next(): boolean
}

export function createAgenda(): Agenda {
  const heap: Entry[] = []
  let nowMs = 0
  let order = 0
  const take = (): Entry | undefined => {
    const [first] = heap
    const last = heap.pop()
    if (first && last && first !== last) {
      heap[0] = last
      sink(heap, 0)
    }
    return first
  }
  const dropCancelled = () => {
    while (heap[0]?.run === null) take()
  }
  return {
    get nowMs() {
      return nowMs
    },
    after(delayMs, run) {
      order += 1
      const entry: Entry = { timeMs: nowMs + Math.max(0, delayMs), order, run }
      heap.push(entry)
      rise(heap, heap.length - 1)
      return {
        [Symbol.dispose]() {
          entry.run = null
        },
      }
    },
    nextMs() {
      dropCancelled()
      return heap[0]?.timeMs ?? null
    },
    next() {
      dropCancelled()
      const first = take()
      if (!first?.run) return false
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
