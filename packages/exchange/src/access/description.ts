import type { Hex } from '@quoin/kernel'
import type { Ledger } from '@quoin/ledger'
import { z } from 'zod'
import { type ArtifactRecord, artifactFacts } from '../catalogue/record.ts'
import { openOffers } from './how-to-get-a-right.ts'

const offerSchema = z.object({
  id: z.string(),
  purposes: z.array(z.string()),
  priceAtomic: z.string(),
  token: z.string(),
  isPerUse: z.boolean(),
  royaltyBasisPoints: z.int(),
  durationSeconds: z.int().nullable(),
  keyWithinSeconds: z.int().nullable(),
  isTransferable: z.boolean(),
  isRevocable: z.boolean(),
  isListed: z.boolean(),
})

/** What a node says of an artifact to anyone who asks. */
export const descriptionSchema = z.object({
  ...artifactFacts,
  role: z.enum(['owner', 'custodian', 'copy']),
  /** The node's account: signed requests name it. */
  node: z.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-f]{40}$/.test(value)),
  createdAt: z.string(),
  offers: z.array(offerSchema),
})
export type ArtifactDescription = z.infer<typeof descriptionSchema>

const keptMs = 2000

/** Strangers may ask as often as they like: the chain is asked for an artifact's offers every two seconds at most. */
export class Descriptions {
  readonly #place: { ledger: Ledger; node: Hex }
  readonly #kept = new Map<ArtifactRecord, { atMs: number; made: Promise<ArtifactDescription> }>()

  constructor(place: { ledger: Ledger; node: Hex }) {
    this.#place = place
  }

  of(record: ArtifactRecord): Promise<ArtifactDescription> {
    const now = performance.now()
    const kept = this.#kept.get(record)
    if (kept && now - kept.atMs < keptMs) return kept.made
    for (const [old, { atMs }] of this.#kept) if (now - atMs >= keptMs) this.#kept.delete(old)
    const made = describe(record, this.#place)
    made.catch(() => this.#kept.delete(record))
    this.#kept.set(record, { atMs: now, made })
    return made
  }

  clear(): void {
    this.#kept.clear()
  }
}

async function describe(
  record: ArtifactRecord,
  { ledger, node }: { ledger: Ledger; node: Hex },
): Promise<ArtifactDescription> {
  const {
    format: _format,
    origin: _origin,
    source: _source,
    transaction,
    block: _,
    ...told
  } = record
  const offers = transaction || record.role !== 'owner' ? await openOffers(ledger, record.cid) : []
  return {
    ...told,
    node,
    offers: offers.map(({ id, terms: { textHash: _text, ...terms } }) => ({
      id,
      ...terms,
      purposes: [...terms.purposes],
      priceAtomic: `${terms.priceAtomic}`,
    })),
  }
}
