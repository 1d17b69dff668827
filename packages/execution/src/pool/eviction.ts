import type { Hex } from '@quoin/kernel'
import type { Transaction } from '../interface.ts'
import { effectiveTip } from './checks.ts'
import type { SenderQueue } from './sender-queue.ts'

/** Below all that anyone can pay: what waits behind a gap is worth less than what does not. */
const behindGap = -(1n << 256n)

/**
 * What a transaction is worth to a full pool: what it pays the next block, if it can be in it.
 * `nextNonce` is the sender's without a gap.
 */
export function worthOf(transaction: Transaction, nextNonce: bigint, baseFee: bigint): bigint {
  const tip = effectiveTip(transaction, baseFee)
  return transaction.nonce > nextNonce ? behindGap + tip : tip
}

/**
 * The last transactions of senders that are worth less than `worth`, the least first. Only a
 * sender's last one can go without making a gap before others.
 */
export function lessWorthy(
  senders: ReadonlyMap<Hex, SenderQueue>,
  { worth, baseFee, except }: { worth: bigint; baseFee: bigint; except: Hex },
): Transaction[] {
  const found: { transaction: Transaction; worth: bigint }[] = []
  for (const [address, queue] of senders) {
    const transaction = queue.all[queue.all.length - 1]
    if (transaction === undefined || address === except) continue
    const own = worthOf(transaction, queue.nextNonce, baseFee)
    if (own < worth) found.push({ transaction, worth: own })
  }
  found.sort((a, b) => (a.worth < b.worth ? -1 : a.worth > b.worth ? 1 : 0))
  return found.map(({ transaction }) => transaction)
}
