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

export async function describe(
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
