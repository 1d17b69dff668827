import type { Transaction } from '../interface.ts'
import { costOf, feesOf } from './checks.ts'
import { poolError } from './pool-error.ts'

/** A replacement pays at least this many percent more, in fee cap and tip. */
const priceBumpPercent = 10n

/** One sender's transactions, sorted by nonce. */
export class SenderQueue {
  /** The account's nonce in the head's state. */
  nonce: bigint
  readonly #transactions: Transaction[] = []
  #cost = 0n

  constructor(nonce: bigint) {
    this.nonce = nonce
  }

  get all(): readonly Transaction[] {
    return this.#transactions
  }

  get cost(): bigint {
    return this.#cost
  }

  /** How many follow the account's nonce without a gap. */
  get pendingCount(): number {
    const { length } = this.#transactions
    const first = this.#transactions[0]
    const last = this.#transactions[length - 1]
    if (first === undefined || last === undefined || first.nonce !== this.nonce) return 0
    if (last.nonce - first.nonce === BigInt(length - 1)) return length
    let count = 1
    while (this.#transactions[count]?.nonce === this.nonce + BigInt(count)) count++
    return count
  }

  get nextNonce(): bigint {
    return this.nonce + BigInt(this.pendingCount)
  }

  withNonce(nonce: bigint): Transaction | null {
    const index = this.#place(nonce)
    const found = this.#transactions[index]
    return found?.nonce === nonce ? found : null
  }

  /** Puts a transaction in its place and returns the one that it replaces. @throws REPLACEMENT_UNDERPRICED */
  put(transaction: Transaction): Transaction | null {
    const index = this.#place(transaction.nonce)
    const old = this.#transactions[index]
    this.#cost += costOf(transaction)
    if (old?.nonce !== transaction.nonce) {
      this.#transactions.splice(index, 0, transaction)
      return null
    }
    this.#transactions[index] = transaction
    this.#cost -= costOf(old)
    return old
  }

  remove(transaction: Transaction): boolean {
    const index = this.#place(transaction.nonce)
    if (this.#transactions[index]?.hash !== transaction.hash) return false
    this.#transactions.splice(index, 1)
    this.#cost -= costOf(transaction)
    return true
  }

  /** Sets the account's nonce and takes out what is below it. */
  advance(nonce: bigint): Transaction[] {
    this.nonce = nonce
    const stale = this.#transactions.splice(0, this.#place(nonce))
    for (const transaction of stale) this.#cost -= costOf(transaction)
    return stale
  }

  #place(nonce: bigint): number {
    const transactions = this.#transactions
    let low = 0
    let high = transactions.length
    const last = transactions[high - 1]
    if (last !== undefined && last.nonce < nonce) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if ((transactions[middle]?.nonce ?? 0n) < nonce) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** @throws CodedError REPLACEMENT_UNDERPRICED */
export function checkReplacement(old: Transaction, transaction: Transaction): void {
  const before = feesOf(old)
  const after = feesOf(transaction)
  const isEnough = (was: bigint, is: bigint) => is * 100n >= was * (100n + priceBumpPercent)
  const isMore = after.feeCap > before.feeCap && after.tip > before.tip
  if (!isMore || !isEnough(before.feeCap, after.feeCap) || !isEnough(before.tip, after.tip))
    throw poolError('REPLACEMENT_UNDERPRICED', 'replacement transaction underpriced')
}
