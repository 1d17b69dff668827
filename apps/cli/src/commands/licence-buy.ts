import { setTimeout as delay } from 'node:timers/promises'
import { licenceKeyOf } from '@quoin/exchange'
import type { Hex } from '@quoin/kernel'
import { artifactIdOf, type Ledger, type LicenceOffer, type LicenceRight } from '@quoin/ledger'
import { openDataHolder } from '../client/data-holder.ts'
import { findRpcUrl } from '../client/endpoints.ts'
import { openLedger } from '../client/open-ledger.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCredit } from '../output/amounts.ts'
import { offerLines } from '../output/offers.ts'
import { patiently } from '../output/patience.ts'
import { renderTable } from '../output/table.ts'
import { shortHex } from '../output/text.ts'
import { isoTime } from './channel.ts'
import { requireOffer } from './licence-offer.ts'

export async function listOffers(context: Context, cid: string): Promise<void> {
  const { values: settings } = await context.settings()
  await using ledger = await openLedger(await findRpcUrl(settings))
  const id = artifactIdOf(cid)
  if (!(await ledger.registry.artifact(id)))
    throw cliError('NOT_FOUND', `${cid} is not on the chain ${ledger.chainId}: check it`)
  const offers = (await ledger.licences.offers(id)).filter(({ isOpen }) => isOpen).map(toLine)
  const { terminal } = context
  terminal.document({ cid, offers })
  if (offers.length === 0) return terminal.line('No licence is offered for it now.')
  for (const line of offerLines(offers, terminal)) terminal.line(line)
}

/** Money and right in one step; then the key, which its owner's node or a custodian's posts. */
export async function buyLicence(
  context: Context,
  { offer: text, quantity, wait }: { offer: string; quantity: number; wait: number },
): Promise<void> {
  const offerId = requireOffer(text)
  await using buyer = await openDataHolder(context, null)
  const { ledger, holder } = buyer
  const account = holder.signer.address
  const offer = await requireBuyable(ledger, offerId, account)
  const price = offer.terms.priceAtomic * BigInt(quantity)
  const { terminal } = context
  const owned = await ledger.credit.balanceOf(account)
  if (owned < price)
    throw cliError(
      'FUNDS_TOO_LOW',
      `${account} owns ${formatCredit(owned)} of the ${formatCredit(price)} that it costs: nothing was sent`,
    )
  const { publicKey } = licenceKeyOf(holder.privateKey)
  const order = { offerId, holder: account, quantity, publicKey }
  terminal.progress(`Buying for ${formatCredit(price)} …`)
  const signed = await ledger.licences.signOrder(holder.signer, order)
  const { transactionHash } = await patiently(terminal, ledger.licences.buySigned(signed))
  const cid = (await ledger.registry.artifact(offer.artifact))?.cid ?? ''
  const isPaid = await waitForKey(context, ledger, { offerId, account, seconds: wait })
  terminal.document({ offerId, cid, priceAtomic: price, transactionHash, isKeyThere: isPaid })
  terminal.line(`Bought for ${formatCredit(price)}  (transaction ${shortHex(transactionHash)})`)
  if (!isPaid)
    return terminal.line(
      `The key has not come yet, and the price waits for it: quoin licence rights shows when. If it does not come in time: quoin licence reclaim ${offerId}`,
    )
  if (offer.terms.purposes.includes('download')) terminal.line(`Fetch it: quoin data get ${cid}`)
}

async function requireBuyable(ledger: Ledger, id: Hex, account: Hex): Promise<LicenceOffer> {
  const offer = await ledger.licences.offer(id)
  if (!offer)
    throw cliError(
      'NOT_FOUND',
      `There is no offer ${id}: quoin licence list CID shows what there is`,
    )
  if (!offer.isOpen)
    throw cliError('REFUSED', `The offer ${id} is closed: quoin licence list CID shows others`)
  if (await ledger.licences.mayBuy(id, account)) return offer
  throw cliError(
    'REFUSED',
    `The offer ${id} is for listed accounts, and ${account} is none of them`,
  )
}

/** False when it did not come within that time. */
async function waitForKey(
  { terminal, signal }: Context,
  ledger: Ledger,
  { offerId, account, seconds }: { offerId: Hex; account: Hex; seconds: number },
): Promise<boolean> {
  const until = Date.now() + seconds * 1000
  terminal.progress('Paid; waiting for the content key …')
  while (true) {
    const right = await ledger.licences.right(offerId, account)
    if (right && right.keyDueAt === null) return true
    if (Date.now() >= until) return false
    await delay(500, undefined, { signal })
  }
}

export async function listRights(context: Context, given: string | null): Promise<void> {
  const { values: settings } = await context.settings()
  const account = given ? asHex(given) : await ownAddress(context)
  await using ledger = await openLedger(await findRpcUrl(settings))
  const sales = await ledger.licences.sales({ holder: account })
  const artifacts = [...new Set(sales.map(({ artifact }) => artifact))]
  const found = await Promise.all(
    artifacts.map(async (artifact) => {
      const rights = await ledger.licences.rights(account, artifact)
      const cid = (await ledger.registry.artifact(artifact))?.cid ?? artifact
      return Promise.all(
        rights.map(async (right) => ({
          cid,
          ...right,
          purposes: (await ledger.licences.offer(right.offerId))?.terms.purposes ?? [],
          state: stateOf(right),
        })),
      )
    }),
  )
  const rights = found.flat()
  const { terminal } = context
  terminal.document({ account, rights })
  if (rights.length === 0) return terminal.line(`${account} bought no rights.`)
  const columns = [{ title: 'Artifact' }, { title: 'For' }, { title: 'State' }, { title: 'Offer' }]
  const rows = rights.map(({ cid, purposes, state, offerId }) => [
    cid,
    purposes.join(','),
    state,
    shortHex(offerId),
  ])
  for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
    terminal.line(line)
}

export async function reclaimPrice(context: Context, text: string): Promise<void> {
  const offerId = requireOffer(text)
  await using buyer = await openDataHolder(context, null)
  const { address } = buyer.holder.signer
  const mined = await patiently(context.terminal, buyer.ledger.licences.reclaim(offerId, address))
  const { transactionHash } = mined
  context.terminal.document({ offerId, transactionHash })
  context.terminal.line(`The price came back  (transaction ${shortHex(transactionHash)})`)
}

async function ownAddress(context: Context): Promise<Hex> {
  await using own = await openDataHolder(context, null)
  return own.holder.signer.address
}

function stateOf({ keyDueAt, expiresAt, balance }: LicenceRight): string {
  if (keyDueAt !== null) return `key due by ${isoTime(keyDueAt)}`
  if (expiresAt !== null && expiresAt * 1000 <= Date.now()) return 'over'
  const uses = balance > 1n ? `${balance} uses` : 'valid'
  return expiresAt === null ? uses : `${uses} until ${isoTime(expiresAt)}`
}

function toLine({ id, terms: { textHash: _, ...terms } }: LicenceOffer) {
  return { id, ...terms, purposes: [...terms.purposes], priceAtomic: `${terms.priceAtomic}` }
}

function asHex(address: string): Hex {
  return `0x${address.slice(2)}`
}
