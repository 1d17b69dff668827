import { formatCredit } from './amounts.ts'
import { renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface OfferLine {
  id: string
  purposes: readonly string[]
  priceAtomic: string
  isPerUse: boolean
  royaltyBasisPoints: number
  durationSeconds: number | null
  isTransferable: boolean
  isRevocable: boolean
  isListed: boolean
}

/** Licences on offer, one a line; the id is what `licence buy` takes. */
export function offerLines(offers: readonly OfferLine[], terminal: Terminal): string[] {
  const columns = [
    { title: 'Offer' },
    { title: 'For' },
    { title: 'Price' },
    { title: 'Royalty', align: 'right' as const },
    { title: 'Notes' },
  ]
  const rows = offers.map((offer) => [
    offer.id,
    offer.purposes.join(','),
    priceOf(offer),
    `${offer.royaltyBasisPoints / 100} %`,
    notesOf(offer).join(', '),
  ])
  return renderTable(columns, rows, (text) => terminal.style('dim', text))
}

function priceOf({ priceAtomic, isPerUse, durationSeconds }: OfferLine): string {
  const price = BigInt(priceAtomic) === 0n ? 'free' : formatCredit(BigInt(priceAtomic))
  if (isPerUse) return `${price} a use`
  return durationSeconds === null ? price : `${price} for ${describeSeconds(durationSeconds)}`
}

function notesOf({ isTransferable, isRevocable, isListed }: OfferLine): string[] {
  return [
    ...(isTransferable ? ['transferable'] : []),
    ...(isRevocable ? ['revocable'] : []),
    ...(isListed ? ['for listed accounts'] : []),
  ]
}

/** `30d`, `12h`, `90m`, as durations are written on the command line. */
export function describeSeconds(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`
  if (seconds % 3600 === 0) return `${seconds / 3600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}
