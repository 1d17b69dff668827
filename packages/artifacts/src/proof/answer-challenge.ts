import type { BlockReader, CallOptions } from '../store/blob-store.ts'
import { type Challenge, checkChallenge, drawSamples } from './challenge.ts'
import { walkSamples } from './sample-walk.ts'

/**
 * The answer to a challenge, block by block as they are read: the paths from the root to each sampled
 * place, blocks that lie on several paths once.
 * @throws ArtifactError `BLOCK_MISSING` or `BLOCK_CORRUPT` naming what was lost, `INVALID_PROOF` for a
 * challenge that is none, `INVALID_NODE` for a DAG that states wrong sizes
 */
export async function* answerChallenge(
  challenge: Challenge,
  blocks: BlockReader,
  { signal }: CallOptions = {},
): AsyncGenerator<Uint8Array> {
  const { root, ...rest } = checkChallenge(challenge)
  const walk = walkSamples(root, await drawSamples({ root, ...rest }))
  let step = walk.next()
  while (!step.done) {
    const bytes = await blocks.get(step.value, { signal })
    yield bytes
    step = walk.next(bytes)
  }
}
