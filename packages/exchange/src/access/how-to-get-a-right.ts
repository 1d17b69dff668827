import type { CodedError, Hex } from '@quoin/kernel'
import { artifactIdOf, type Ledger, type LicenceOffer } from '@quoin/ledger'
import { type ExchangeErrorCode, exchangeError } from '../errors.ts'

/** The offers that someone can buy under now. */
export async function openOffers(ledger: Ledger, cid: string): Promise<LicenceOffer[]> {
  return (await ledger.licences.offers(artifactIdOf(cid))).filter((offer) => offer.isOpen)
}

/** What to tell whoever has no right to download: why, and what to do. */
export async function rightMissing(
  ledger: Ledger,
  cid: string,
  account: Hex | null,
): Promise<CodedError<ExchangeErrorCode>> {
  const who = account ?? 'This request'
  const state = account && (await whyNot(ledger, cid, account))
  const offers = (await openOffers(ledger, cid)).filter(({ terms }) =>
    terms.purposes.includes('download'),
  )
  const [offer] = offers
  const way = offer
    ? `Buy one: quoin licence buy ${offer.id}${offers.length > 1 ? ` (quoin licence list ${cid} shows ${offers.length} offers)` : ''}`
    : 'Nobody sells one now; ask its owner'
  const message = `${who} has no right to download ${cid}${state ? `: ${state}` : ''}. ${way}`
  return exchangeError('RIGHT_MISSING', message, {
    detail: { artifact: cid, offer: offer?.id ?? null },
  })
}

async function whyNot(ledger: Ledger, cid: string, account: Hex): Promise<string | null> {
  const rights = await ledger.licences.rights(account, artifactIdOf(cid))
  const now = Date.now() / 1000
  if (rights.some(({ keyDueAt }) => keyDueAt !== null))
    return 'a right is paid and waits for its key'
  if (rights.some(({ expiresAt }) => expiresAt !== null && expiresAt <= now))
    return 'its right is over'
  return rights.length > 0 ? 'its right is for other purposes' : null
}
