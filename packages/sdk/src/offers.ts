import {
  BatchOfferExtra,
  batchScheme,
  decodeJsonHeader,
  exactScheme,
  headerNames,
  PaymentRequired,
  type PaymentRequirements,
  parseMessage,
  type ResourceInfo,
} from '@quoin/protocol'
import { sdkError } from './errors.ts'
import { offerRefusal, type SpendingLimits } from './limits.ts'

/** A way to pay that the limits allow, as the server offered it (echoed in the payment). */
export type Offer =
  | { scheme: typeof batchScheme; terms: PaymentRequirements; extra: BatchOfferExtra }
  | { scheme: typeof exactScheme; terms: PaymentRequirements; extra: TokenDomain }

export interface BatchTerms {
  terms: PaymentRequirements
  extra: BatchOfferExtra
}

/** Name and version of the token's EIP-712 domain. */
export interface TokenDomain {
  name: string
  version: string
}

/** A 402 as far as a payer needs it. */
export interface Demand {
  error: string | null
  resource: ResourceInfo
  offers: PaymentRequirements[]
  extensions: Record<string, unknown> | null
}

/** @throws CodedError `PROTOCOL_VIOLATION` when a 402 has no PAYMENT-REQUIRED of x402 version 2. */
export function parseDemand(response: Response): Demand {
  const header = response.headers.get(headerNames.paymentRequired)
  if (header === null)
    throw sdkError(
      'PROTOCOL_VIOLATION',
      `${response.url} answered 402 without ${headerNames.paymentRequired}: it does not speak x402 version 2`,
    )
  try {
    const demand = parseMessage(PaymentRequired, decodeJsonHeader(header), 'PAYMENT-REQUIRED')
    return {
      error: demand.error ?? null,
      resource: demand.resource,
      offers: demand.accepts,
      extensions: demand.extensions ?? null,
    }
  } catch (cause) {
    throw sdkError('PROTOCOL_VIOLATION', `${response.url}: the 402 is not x402 version 2`, {
      cause,
    })
  }
}

/**
 * The cheapest kind of payment that the limits allow: escrow first, one transaction a call otherwise.
 * @throws CodedError `NO_ACCEPTABLE_OFFER` with the reason for each offer, or `CALL_TOO_EXPENSIVE`.
 */
export function chooseOffer(demand: Demand, limits: SpendingLimits): Offer {
  const reasons: string[] = []
  let onlyPrice = true
  for (const scheme of [batchScheme, exactScheme] as const)
    for (const terms of demand.offers.filter((offer) => offer.scheme === scheme)) {
      const offer = toOffer(scheme, terms)
      const refusal =
        offerRefusal(limits, { ...terms, amount: BigInt(terms.amount) }) ??
        delayRefusal(limits, offer)
      if (offer && refusal === null) return offer
      if (!refusal?.startsWith('it may cost')) onlyPrice = false
      reasons.push(`${scheme}: ${refusal ?? 'its extra members are not of the known form'}`)
    }
  if (reasons.length === 0)
    reasons.push(
      `it wants ${demand.offers.map(({ scheme }) => scheme).join(', ')}, which is unknown`,
    )
  throw sdkError(
    onlyPrice && reasons.length > 0 && demand.offers.some(isKnown)
      ? 'CALL_TOO_EXPENSIVE'
      : 'NO_ACCEPTABLE_OFFER',
    `Not paid for ${demand.resource.url}: ${reasons.join('; ')}`,
    { detail: { url: demand.resource.url } },
  )
}

/** Who signs the receipts: named where the money goes elsewhere, as to the till of a split. */
export function providerOf({ extra, payTo }: PaymentRequirements): string {
  const provider = extra?.provider
  return typeof provider === 'string' ? provider : payTo
}

function delayRefusal({ maxWithdrawDelay }: SpendingLimits, offer: Offer | null): string | null {
  if (offer?.scheme !== batchScheme || offer.extra.withdrawDelay <= maxWithdrawDelay) return null
  return `a withdrawal would take ${offer.extra.withdrawDelay} s, more than ${maxWithdrawDelay} s`
}

/** The terms of escrow in a 402. @throws CodedError `NO_ACCEPTABLE_OFFER` when it has none. */
export function chooseBatchTerms(demand: Demand): BatchTerms {
  for (const terms of demand.offers) {
    const offer = terms.scheme === batchScheme ? toOffer(batchScheme, terms) : null
    if (offer?.scheme === batchScheme) return { terms: offer.terms, extra: offer.extra }
  }
  throw sdkError('NO_ACCEPTABLE_OFFER', `${demand.resource.url} does not offer escrow`)
}

function isKnown(offer: PaymentRequirements): boolean {
  return offer.scheme === batchScheme || offer.scheme === exactScheme
}

function toOffer(scheme: Offer['scheme'], terms: PaymentRequirements): Offer | null {
  if (scheme === batchScheme) {
    const extra = BatchOfferExtra.safeParse(terms.extra)
    return extra.success ? { scheme, terms, extra: extra.data } : null
  }
  const { name, version } = terms.extra ?? {}
  return typeof name === 'string' && typeof version === 'string'
    ? { scheme, terms, extra: { name, version } }
    : null
}
