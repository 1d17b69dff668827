/**
 * The arithmetic of one channel: what was funded, vouched for, charged and frozen. Pure; all amounts
 * are atomic units, cumulative over the channel's life. Invariants, kept by every function here as
 * long as calls are reserved only on the verdict `fits`:
 * charged + reserved ≤ ceiling, and charged + reserved ≤ balance − leaving at the time of reserving.
 */
export interface ChannelBook {
  /** Funded in all, less what was withdrawn or refunded; claims are counted against it. */
  balance: bigint
  /** What a pending withdrawal asks for: not to be relied on. */
  leaving: bigint
  totalClaimed: bigint
  charged: bigint
  /** The sum of the ceilings of the calls that run, and of the turn that is held. */
  reserved: bigint
  /** The largest maxClaimableAmount that the payer signed. */
  ceiling: bigint
}

export interface VoucherValue {
  max: bigint
  /** Whether a call was charged, or is running, on this very value. */
  used: boolean
}

/**
 * - fits: reserve and serve.
 * - wait: will fit when running calls end.
 * - stale: the payer must sign anew, from what `baseOf` gives.
 * - below-claimed: stale, and older than what was claimed on the chain.
 * - short: the channel's funds or its session's cap do not cover one such call.
 */
export type Verdict = 'fits' | 'wait' | 'stale' | 'below-claimed' | 'short'

export const emptyBook: ChannelBook = {
  balance: 0n,
  leaving: 0n,
  totalClaimed: 0n,
  charged: 0n,
  reserved: 0n,
  ceiling: 0n,
}

/** The most that may be charged on the channel in all. `cap` is the session's, null without one. */
export function limitOf(book: ChannelBook, cap: bigint | null): bigint {
  const funds = book.balance - book.leaving
  const safe = funds > book.totalClaimed ? funds : book.totalClaimed
  return cap !== null && cap < safe ? cap : safe
}

export function judge(
  book: ChannelBook,
  cap: bigint | null,
  voucher: VoucherValue,
  amount: bigint,
): Verdict {
  const ceiling = voucher.max > book.ceiling ? voucher.max : book.ceiling
  const limit = limitOf(book, cap)
  const alone = book.charged + amount
  if (alone > limit) return 'short'
  if (voucher.max <= book.totalClaimed) return 'below-claimed'
  if (voucher.used || ceiling < alone) return 'stale'
  const together = alone + book.reserved
  return together > ceiling || together > limit ? 'wait' : 'fits'
}

/** Whether one more call of this amount fits beside those that run, funds considered. */
export function hasRoom(book: ChannelBook, cap: bigint | null, amount: bigint): boolean {
  return book.reserved === 0n || book.charged + book.reserved + amount <= limitOf(book, cap)
}

/** What the next voucher is to be counted from: all that is charged or frozen. */
export function baseOf(book: ChannelBook): bigint {
  return book.charged + book.reserved
}

export function vouch(book: ChannelBook, max: bigint): ChannelBook {
  return max > book.ceiling ? { ...book, ceiling: max } : book
}

export function reserve(book: ChannelBook, amount: bigint): ChannelBook {
  return { ...book, reserved: book.reserved + amount }
}

export function release(book: ChannelBook, reserved: bigint): ChannelBook {
  return { ...book, reserved: book.reserved - reserved }
}

/** `amount` is at most `reserved`. */
export function charge(book: ChannelBook, reserved: bigint, amount: bigint): ChannelBook {
  return { ...book, reserved: book.reserved - reserved, charged: book.charged + amount }
}

export interface ChainFacts {
  balance: bigint
  leaving: bigint
  totalClaimed: bigint
}

/** What the chain says replaces what was believed; claims that we do not know of count as charged. */
export function learn(book: ChannelBook, facts: ChainFacts): ChannelBook {
  const charged = facts.totalClaimed > book.charged ? facts.totalClaimed : book.charged
  const ceiling = charged > book.ceiling ? charged : book.ceiling
  return { ...book, ...facts, charged, ceiling }
}

/** What may be claimed on the chain now. */
export function claimable(book: ChannelBook): bigint {
  const total = book.charged < book.balance ? book.charged : book.balance
  return total > book.totalClaimed ? total : book.totalClaimed
}

/**
 * The cumulative amount to report to a client after a call: the truth, or the client's own count when
 * it is ahead by at most `slack`, because a client that follows the stock rules takes only a figure that
 * is its own count plus the charge, and would else sign a used value next time.
 */
export function reportedCumulative(
  truth: bigint,
  clientCount: bigint,
  charged: bigint,
  slack: bigint,
): bigint {
  const expected = clientCount + charged
  return expected >= truth && expected - truth <= slack ? expected : truth
}
