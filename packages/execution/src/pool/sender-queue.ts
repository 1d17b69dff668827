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
  /** The first so many have the nonces from the account's on. */
  #pending = 0

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
    return this.#pending
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
      this.#extendPending()
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
    if (index < this.#pending) this.#pending = index
    this.#cost -= costOf(transaction)
    return true
  }

  /** Sets the account's nonce and takes out what is below it. */
  advance(nonce: bigint): Transaction[] {
    const isForward = nonce >= this.nonce
    this.nonce = nonce
    const stale = this.#transactions.splice(0, this.#place(nonce))
    for (const transaction of stale) this.#cost -= costOf(transaction)
    this.#pending = isForward ? Math.max(0, this.#pending - stale.length) : 0
    this.#extendPending()
    return stale
  }

  #extendPending(): void {
    while (this.#transactions[this.#pending]?.nonce === this.nonce + BigInt(this.#pending))
      this.#pending++
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
