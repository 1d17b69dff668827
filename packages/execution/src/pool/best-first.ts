import type { TransactionSource } from '../chain/processor.ts'
import type { Transaction } from '../interface.ts'
import { effectiveTip } from './checks.ts'

interface Entry {
  queue: readonly Transaction[]
  position: number
  tip: bigint
  order: number
}

/**
 * Executable transactions by what they pay, highest first, each sender's in the order of nonces;
 * among equals the sender that came first. A heap over the senders.
 */
export class BestFirst implements TransactionSource {
  readonly #heap: Entry[] = []
  readonly #baseFee: bigint
  readonly #rejected: (transaction: Transaction) => void
  #last: Entry | null = null

  constructor(
    queues: Iterable<readonly Transaction[]>,
    baseFee: bigint,
    rejected: (transaction: Transaction) => void = () => {},
  ) {
    this.#baseFee = baseFee
    this.#rejected = rejected
    let order = 0
    for (const queue of queues) this.#offer({ queue, position: 0, tip: 0n, order: order++ })
  }

  next(): Transaction | null {
    if (this.#last !== null) this.#offer({ ...this.#last, position: this.#last.position + 1 })
    this.#last = this.#pop()
    return this.#last?.queue[this.#last.position] ?? null
  }

  drop(): void {
    this.#last = null
  }

  reject(): void {
    const transaction = this.#last?.queue[this.#last.position]
    if (transaction !== undefined) this.#rejected(transaction)
    this.#last = null
  }

  #offer(entry: Entry): void {
    const transaction = entry.queue[entry.position]
    if (transaction === undefined) return
    entry.tip = effectiveTip(transaction, this.#baseFee)
    if (entry.tip < 0n) return
    const heap = this.#heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(entry, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
  }

  #pop(): Entry | null {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined) return null
    if (heap.length === 0) return top
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const left = heap[child]
      if (left === undefined) break
      const right = heap[child + 1]
      const better = right !== undefined && isBefore(right, left) ? right : left
      if (better === right) child++
      if (!isBefore(better, last)) break
      heap[index] = better
      index = child
    }
    heap[index] = last
    return top
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.tip === b.tip ? a.order < b.order : a.tip > b.tip
}
