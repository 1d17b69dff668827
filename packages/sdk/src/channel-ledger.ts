import { sdkError } from './errors.ts'

/**
 * What the payer knows of one channel, as a pure value: how much is in escrow, how much was charged,
 * and what the calls that are still running may cost. All amounts are atomic units, cumulative since
 * the channel began.
 *
 * A voucher for a new call covers everything charged so far, every running call at its ceiling, and the
 * new call. So any subset of running calls may reach the server in any order: the highest voucher that
 * it holds always covers the calls that it has admitted.
 */
export interface ChannelLedger {
  /** Deposited in all, as the settlement contract counts it (claims do not lower it). */
  readonly deposited: bigint
  /** Charged for calls that are done. */
  readonly charged: bigint
  /** The highest amount ever signed. */
  readonly signed: bigint
  /** Ceilings of the calls that run, by call id. */
  readonly running: ReadonlyMap<string, bigint>
  /** Values above `charged` that were signed already: a provider takes each voucher value for one call only. */
  readonly used: ReadonlySet<bigint>
}

export const emptyLedger: ChannelLedger = {
  deposited: 0n,
  charged: 0n,
  signed: 0n,
  running: new Map(),
  used: new Set(),
}

/** The outcome of `reserve`: a voucher to sign, or how much escrow is missing. */
export type Reservation =
  | { kind: 'covered'; ledger: ChannelLedger; maxClaimable: bigint }
  | { kind: 'short'; missing: bigint }

/** What may still be charged if every running call costs its ceiling. */
export function committedOf(ledger: ChannelLedger): bigint {
  let total = ledger.charged
  for (const ceiling of ledger.running.values()) total += ceiling
  return total
}

export interface CallHold {
  id: string
  /** The most that the call may cost. */
  ceiling: bigint
  /** The most that may ever be charged on the channel. */
  cap: bigint
  /** What the provider told a corrected call to count from. */
  floor?: bigint
}

/**
 * Takes `ceiling` out of the escrow for one call.
 * @throws CodedError `CAP_REACHED` when the total would pass `cap`.
 */
export function reserve(ledger: ChannelLedger, call: CallHold): Reservation {
  const committed = committedOf(ledger)
  const least = max(committed, call.floor ?? 0n) + call.ceiling
  let maxClaimable = least
  while (ledger.used.has(maxClaimable)) maxClaimable += 1n
  if (maxClaimable > call.cap) throw capReached(call, committed)
  if (maxClaimable > ledger.deposited)
    return { kind: 'short', missing: maxClaimable - ledger.deposited }
  const running = new Map(ledger.running).set(call.id, call.ceiling)
  const used = new Set(ledger.used).add(maxClaimable)
  const signed = max(ledger.signed, maxClaimable)
  return { kind: 'covered', ledger: { ...ledger, running, used, signed }, maxClaimable }
}

function capReached(call: CallHold, committed: bigint) {
  return sdkError(
    'CAP_REACHED',
    `This call may cost ${call.ceiling}, and ${committed} of the cap of ${call.cap} is spent or held by running calls: raise the cap, or wait for them to end`,
    { detail: { ceiling: `${call.ceiling}`, cap: `${call.cap}`, committed: `${committed}` } },
  )
}

/** Escrow has grown (a deposit was confirmed) to `deposited` at least. */
export function credit(ledger: ChannelLedger, deposited: bigint): ChannelLedger {
  return deposited > ledger.deposited ? { ...ledger, deposited } : ledger
}

/**
 * A call has ended and the provider says what the channel has been charged in all, this call included.
 * Answers overtake each other, so an older total never lowers a newer one.
 * @throws CodedError `PROTOCOL_VIOLATION` when the provider claims more than was ever signed.
 */
export function settle(ledger: ChannelLedger, callId: string, cumulative: bigint): ChannelLedger {
  assertSigned(ledger, cumulative)
  const { running } = release(ledger, callId)
  const charged = max(ledger.charged, cumulative)
  const used = new Set([...ledger.used].filter((value) => value > charged))
  return { ...ledger, running, charged, used }
}

/** A call was refused before it ran: nothing was charged, its hold is free again. */
export function release(ledger: ChannelLedger, callId: string): ChannelLedger {
  const running = new Map(ledger.running)
  running.delete(callId)
  return { ...ledger, running }
}

/** What the settlement contract says replaces what was believed. */
export function learn(
  ledger: ChannelLedger,
  chain: { deposited: bigint; claimed: bigint },
): ChannelLedger {
  const charged = max(ledger.charged, chain.claimed)
  return { ...ledger, deposited: chain.deposited, charged, signed: max(ledger.signed, charged) }
}

function assertSigned(ledger: ChannelLedger, cumulative: bigint): void {
  if (cumulative <= ledger.signed) return
  throw sdkError(
    'PROTOCOL_VIOLATION',
    `The provider says that ${cumulative} was charged on this channel, but the highest voucher signed is for ${ledger.signed}`,
    { detail: { cumulative: `${cumulative}`, signed: `${ledger.signed}` } },
  )
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
