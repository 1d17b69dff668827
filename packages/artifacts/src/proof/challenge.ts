import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { checkCid, sha256 } from '../dag/cid.ts'
import { ArtifactError } from '../errors.ts'

/** "Show `count` random places of the DAG of `root`". The seed must not be known before it is asked. */
export type Challenge = { root: CID; seed: Uint8Array; count: number }

const maxSamples = 1024
const shape = z.object({
  seed: z.instanceof(Uint8Array).refine((seed) => seed.length === 32, 'must have 32 bytes'),
  count: z.int().min(1).max(maxSamples),
})

/** @throws ArtifactError `INVALID_PROOF` when the seed is not 32 bytes or the count not 1 to 1024. */
export function checkChallenge({ root, seed, count }: Challenge): Challenge {
  const result = shape.safeParse({ seed, count })
  if (result.success) return { root: checkCid(root), ...result.data }
  throw new ArtifactError('INVALID_PROOF', `Not a challenge: ${z.prettifyError(result.error)}`)
}

/**
 * The numbers that pick the places: the first 128 bits of sha256("quoin/retrievability/1" ‖ root's CID ‖
 * seed ‖ i as 4 bytes), big-endian. Modulo any DAG's size their bias is below 2^-64.
 */
export async function drawSamples({ root, seed, count }: Challenge): Promise<bigint[]> {
  const domain = new TextEncoder().encode('quoin/retrievability/1')
  const message = new Uint8Array([...domain, ...root.bytes, ...seed, 0, 0, 0, 0])
  const view = new DataView(message.buffer)
  const draws: bigint[] = []
  for (let i = 0; i < count; i++) {
    view.setUint32(message.length - 4, i)
    const hash = new DataView((await sha256(message)).buffer)
    draws.push((hash.getBigUint64(0) << 64n) | hash.getBigUint64(8))
  }
  return draws
}
