import type { Hex } from '@quoin/kernel'
import { sdkError } from './errors.ts'
import type { AllowedAsset } from './networks.ts'

/** What a payer allows to be signed in its name. Amounts are atomic units of the asset. */
export interface SpendingLimits {
  /** The most that all calls together may cost. Also the cap recorded on the chain for the session key. */
  cap: bigint
  /** Seconds since 1970; nothing is signed from then on. Also the session key's expiry on the chain. */
  expiresAt: number
  /** Nothing is paid in anything else. */
  allowedAssets: readonly AllowedAsset[]
  /** The most that one call may cost; the cap when absent. */
  maxPerCall?: bigint
  /** The longest that a provider may make the payer wait for a withdrawal without it, in seconds. */
  maxWithdrawDelay: number
  /** Who may be paid; anyone when absent. */
  allowedReceivers?: readonly Hex[]
}

/** The part of an x402 offer (one entry of `accepts`) that limits speak about. */
export interface OfferTerms {
  network: string
  asset: string
  amount: bigint
  payTo: string
}

/** Null when the offer is within the limits, else the reason why not (one clause, no full stop). */
export function offerRefusal(limits: SpendingLimits, offer: OfferTerms): string | null {
  const allowed = limits.allowedAssets.some(
    ({ network, asset }) => network === offer.network && isSameAddress(asset, offer.asset),
  )
  if (!allowed) return `${offer.asset} on ${offer.network} is not among the allowed assets`
  const receivers = limits.allowedReceivers
  if (receivers && !receivers.some((receiver) => isSameAddress(receiver, offer.payTo)))
    return `${offer.payTo} is not among the allowed receivers`
  const maxPerCall = limits.maxPerCall ?? limits.cap
  if (offer.amount > maxPerCall)
    return `it may cost ${offer.amount}, more than ${maxPerCall} for one call`
  return null
}

/** @throws CodedError `LIMITS_EXPIRED` */
export function assertNotExpired(limits: SpendingLimits, nowMs: number): void {
  if (nowMs / 1000 < limits.expiresAt) return
  throw sdkError(
    'LIMITS_EXPIRED',
    `These spending limits ended at ${new Date(limits.expiresAt * 1000).toISOString()}: create payingFetch again with a later expiry`,
    { detail: { expiresAt: limits.expiresAt } },
  )
}

export interface DepositNeed {
  /** The ceiling of the call at hand. */
  ceiling: bigint
  /** What escrow lacks for the calls that wait now. */
  missing: bigint
  deposited: bigint
  cap: bigint
  /** The server's own minimum, zero when it names none. */
  minimum: bigint
}

/** How many further calls of the same size a deposit should last for. */
const callsAhead = 100n

/**
 * How much to put into escrow: enough for the calls that wait and a hundred more of their size, never more
 * in all than the cap (which is all that could ever be spent).
 * @throws CodedError `CAP_REACHED` when the cap does not leave room for what is missing or for the server's minimum.
 */
export function depositFor(need: DepositNeed): bigint {
  const room = need.cap - need.deposited
  const wanted = need.missing + need.ceiling * callsAhead
  const least = need.missing > need.minimum ? need.missing : need.minimum
  if (room < least)
    throw sdkError(
      'CAP_REACHED',
      `Escrow must grow by ${least} (the provider's minimum is ${need.minimum}), and the cap of ${need.cap} leaves ${room < 0n ? 0n : room}: raise the cap`,
      { detail: { least: `${least}`, cap: `${need.cap}`, deposited: `${need.deposited}` } },
    )
  if (wanted < least) return least
  return wanted > room ? room : wanted
}

export function isSameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
