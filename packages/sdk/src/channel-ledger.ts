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
}

export const emptyLedger: ChannelLedger = {
  deposited: 0n,
  charged: 0n,
  signed: 0n,
  running: new Map(),
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

/** Escrow that no call has a claim on. */
export function freeOf(ledger: ChannelLedger): bigint {
  const free = ledger.deposited - committedOf(ledger)
  return free > 0n ? free : 0n
}

/**
 * Takes `ceiling` out of the escrow for one call.
 * @throws CodedError `CAP_REACHED` when the total would pass `cap`.
 */
export function reserve(
  ledger: ChannelLedger,
  call: { id: string; ceiling: bigint; cap: bigint },
): Reservation {
  const maxClaimable = committedOf(ledger) + call.ceiling
  if (maxClaimable > call.cap)
    throw sdkError(
      'CAP_REACHED',
      `This call may cost ${call.ceiling}, and ${committedOf(ledger)} of the cap of ${call.cap} is spent or held by running calls: raise the cap, or wait for them to end`,
      {
        detail: { ceiling: `${call.ceiling}`, cap: `${call.cap}`, committed: `${committedOf(ledger)}` },
      },
    )
  if (maxClaimable > ledger.deposited)
    return { kind: 'short', missing: maxClaimable - ledger.deposited }
  const running = new Map(ledger.running).set(call.id, call.ceiling)
  const signed = maxClaimable > ledger.signed ? maxClaimable : ledger.signed
  return { kind: 'covered', ledger: { ...ledger, running, signed }, maxClaimable }
}

/** Escrow has grown (a deposit was confirmed) to `deposited` at least. */
export function credit(ledger: ChannelLedger, deposited: bigint): ChannelLedger {
  return deposited > ledger.deposited ? { ...ledger, deposited } : ledger
}

/**
 * A call has ended and the server says what the channel has been charged in all, this call included.
 * Answers overtake each other, so an older total never lowers a newer one.
 * @throws CodedError `PROTOCOL_VIOLATION` when the server claims more than was ever signed.
 */
export function settle(ledger: ChannelLedger, callId: string, cumulative: bigint): ChannelLedger {
  assertSigned(ledger, cumulative)
  const running = new Map(ledger.running)
  running.delete(callId)
  return { ...ledger, running, charged: cumulative > ledger.charged ? cumulative : ledger.charged }
}

/** A call was refused before it ran: nothing was charged, its hold is free again. */
export function release(ledger: ChannelLedger, callId: string): ChannelLedger {
  const running = new Map(ledger.running)
  running.delete(callId)
  return { ...ledger, running }
}

/**
 * Takes over what the server knows better (a corrective 402): its charged total and escrow, both
 * already checked against our own signature or the chain.
 * @throws CodedError `PROTOCOL_VIOLATION` when the server claims more than was ever signed.
 */
export function correct(
  ledger: ChannelLedger,
  server: { charged: bigint; deposited?: bigint; signed?: bigint },
): ChannelLedger {
  const signed = max(ledger.signed, server.signed ?? 0n)
  assertSigned({ ...ledger, signed }, server.charged)
  return {
    ...ledger,
    signed,
    charged: max(ledger.charged, server.charged),
    deposited: server.deposited ?? ledger.deposited,
  }
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
