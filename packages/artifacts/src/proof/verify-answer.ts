import { verifyBlock } from '../dag/cid.ts'
import { checkBlockSize } from '../dag/decode-node.ts'
import { ArtifactError } from '../errors.ts'
import type { CallOptions } from '../store/blob-store.ts'
import { type Challenge, checkChallenge, drawSamples } from './challenge.ts'
import { walkSamples } from './sample-walk.ts'

export type VerifiedAnswer = { samples: number; blocks: number; bytes: number }

/**
 * Checks an answer against nothing but the challenge: every block must hash to the CID that the path leads
 * to, in order, none missing and none more. Runs in browsers; one block is in memory at a time.
 * @throws ArtifactError `INVALID_PROOF` for anything else than the one right answer, `INVALID_NODE` when
 * the DAG itself (not the answer) is unfit to be challenged
 */
export async function verifyAnswer(
  challenge: Challenge,
  answer: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { signal }: CallOptions = {},
): Promise<VerifiedAnswer> {
  const { root, ...rest } = checkChallenge(challenge)
  const walk = walkSamples(root, await drawSamples({ root, ...rest }))
  const verified: VerifiedAnswer = { samples: rest.count, blocks: 0, bytes: 0 }
  let step = walk.next()
  for await (const bytes of answer) {
    signal?.throwIfAborted()
    if (step.done) throw refused(`it has more than the ${verified.blocks} blocks asked for`)
    try {
      checkBlockSize(step.value, bytes.length)
      await verifyBlock(step.value, bytes, 'in the answer')
    } catch (cause) {
      throw refused(`its block ${verified.blocks} is not ${step.value}`, cause)
    }
    verified.blocks++
    verified.bytes += bytes.length
    step = walk.next(bytes)
  }
  if (!step.done) throw refused(`it ends before block ${step.value}`)
  return verified
}

function refused(why: string, cause?: unknown): ArtifactError {
  return new ArtifactError('INVALID_PROOF', `The answer proves nothing: ${why}`, { cause })
}
