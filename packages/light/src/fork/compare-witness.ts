import { CodedError } from '@quoin/kernel'
import { skipTo } from '../chain/follow.ts'
import type { LightBlock } from '../chain/light-block.ts'
import {
  blockToPoint,
  type HeaderRules,
  judgeHeader,
  type TrustedPoint,
} from '../chain/verify-header.ts'
import type { BlockSource } from '../provider/block-source.ts'
import { isAway } from '../provider/first-that-answers.ts'
import { type ForkEvidence, forkEvidence } from './fork-evidence.ts'

/** What one witness said of the newest block. */
export interface WitnessReport {
  name: string
  /** `behind`: it has no such height yet. `lied`: what it shows instead has no proof. */
  verdict: 'agrees' | 'behind' | 'failed' | 'lied' | 'forks'
  detail: string
}

interface Comparison {
  /** Newly proven from `ours`; `from` is trusted and below it. */
  block: LightBlock
  from: TrustedPoint
  ours: BlockSource
  witness: BlockSource
  rules: HeaderRules
  signal: AbortSignal
}

/** Asks a witness for the block at the same height and, where it shows another, whether that is proven too. */
export async function compareWitness(
  comparison: Comparison,
): Promise<{ report: WitnessReport; fork: ForkEvidence | null }> {
  const { block, witness, signal } = comparison
  const { name } = witness
  const say = (verdict: WitnessReport['verdict'], detail: string) => ({ name, verdict, detail })
  try {
    const theirs = await witness.block(block.header.height, signal)
    if (theirs === null)
      return { report: say('behind', `has no block at height ${block.header.height}`), fork: null }
    if (theirs.id === block.id) return { report: say('agrees', `has the same block`), fork: null }
    const fork = await proveFork(comparison, theirs)
    return { report: say('forks', `shows another certified block at height ${fork.height}`), fork }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof CodedError)) throw error
    return { report: say(isAway(error) ? 'failed' : 'lied', error.message), fork: null }
  }
}

/**
 * The evidence at the first height where both histories differ: below it they have one set of validators, so
 * both certificates are of that set, and more than a third of it is in both.
 * @throws CodedError `HEADER_UNPROVEN` and the like when the witness cannot prove its block
 */
async function proveFork(comparison: Comparison, theirs: LightBlock): Promise<ForkEvidence> {
  const { block, from, ours, witness, rules, signal } = comparison
  await skipTo(theirs, from, { source: witness, rules, signal })
  let below = from
  let [first, second] = [block, theirs]
  while (first.header.height > below.height + 1) {
    const middle = Math.floor((below.height + first.header.height) / 2)
    const [a, b] = await Promise.all([
      ours.blockAt(middle, signal),
      witness.blockAt(middle, signal),
    ])
    if (a.id === b.id) below = blockToPoint(a)
    else [first, second] = [a, b]
  }
  if (isChild(below, first, rules) && isChild(below, second, rules))
    return forkEvidence(first, second, rules.domain)
  return forkEvidence(block, theirs, rules.domain)
}

function isChild(below: TrustedPoint, block: LightBlock, rules: HeaderRules): boolean {
  try {
    return judgeHeader(below, block, rules) === 'proven'
  } catch (error) {
    if (error instanceof CodedError) return false
    throw error
  }
}
