import type { Hex } from '@quoin/kernel'
import { z } from 'zod'

const hash = z.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value))

export const artifactKinds = ['data-set', 'model', 'program', 'image', 'other'] as const

/** What is told of an artifact to everybody. */
export const artifactFacts = {
  cid: z.string().max(128),
  name: z.string().min(1).max(200),
  kind: z.enum(artifactKinds),
  mediaType: z.string().max(200).nullable(),
  /** How the content lies under the CID; `car`: an encrypted folder, in an archive. */
  packing: z.enum(['none', 'car']),
  isEncrypted: z.boolean(),
  /** `open`: anyone may have the blocks. Ciphertext is always given to anyone. */
  access: z.enum(['open', 'licensed']),
  /** Of the content, as it was before encryption. */
  sizeBytes: z.int().min(0),
  /** Of what is stored and fetched. */
  storedBytes: z.int().min(0),
  /** Columns, where it is a table and the owner tells them. */
  columns: z
    .array(z.object({ name: z.string().max(1024), type: z.string().max(200) }))
    .max(4096)
    .nullable(),
  /** The licence in words: a name, a URL. */
  terms: z.string().max(256),
  /** Counts from 1 among those with the same name. */
  version: z.int().min(1),
  replaces: z.string().max(128).nullable(),
  /** Tells a right content key from a wrong one. */
  commitment: hash.nullable(),
}

/** What a node keeps of an artifact. */
export const recordSchema = z.strictObject({
  format: z.literal('quoin/artifact-record/1'),
  ...artifactFacts,
  role: z.enum(['owner', 'custodian', 'copy']),
  /** Where it was fetched from, or collected. */
  origin: z.string().max(4096).nullable(),
  /** Of the file that was published, so that a publication cut off before the chain had it goes on. */
  source: z.string().max(4096).nullable(),
  createdAt: z.iso.datetime(),
  /** The transaction that registered it; null: not on the chain yet. */
  transaction: hash.nullable(),
  /** Sales are looked for from this block. */
  block: z.int().min(0),
})
export type ArtifactRecord = z.infer<typeof recordSchema>
