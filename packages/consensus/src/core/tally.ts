import type { ValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { Vote } from './messages.ts'

/**
 * The votes of one kind in one round: the first of each validator counts. A second one that says
 * something else is evidence, and is not counted: certificates (proofs of lock, commits) are judged
 * on their own, so an equivocator's other vote here cannot make a node deaf to them.
 */
export interface Tally {
  readonly votes: Map<Hex, Vote>
  power: bigint
  readonly powerByContent: Map<string, bigint>
  /** Who has been shown to contradict itself here: once is enough. */
  readonly accused: Set<Hex>
}

export function createTally(): Tally {
  return { votes: new Map(), power: 0n, powerByContent: new Map(), accused: new Set() }
}

/** Whether a vote would count, or contradict an earlier one for the first time. */
export function isNewVote({ votes, accused }: Tally, vote: Vote): boolean {
  const earlier = votes.get(vote.validator)
  if (!earlier) return true
  return contentOf(earlier) !== contentOf(vote) && !accused.has(vote.validator)
}

/** Counts a vote; gives the earlier vote of this validator when this one first contradicts it. */
export function addVote(tally: Tally, vote: Vote, set: ValidatorSet): Vote | null {
  if (!isNewVote(tally, vote)) return null
  const earlier = tally.votes.get(vote.validator)
  if (earlier) {
    tally.accused.add(vote.validator)
    return earlier
  }
  const power = set.powerOf(vote.validator)
  const content = contentOf(vote)
  tally.votes.set(vote.validator, vote)
  tally.power += power
  tally.powerByContent.set(content, (tally.powerByContent.get(content) ?? 0n) + power)
  return null
}

/** The power behind a block (null: nil) whose voters answered a proposal with this validRound. */
export function powerFor(tally: Tally, id: Hex | null, validRound: number): bigint {
  return tally.powerByContent.get(contentOf({ id, validRound })) ?? 0n
}

export function votesFor(tally: Tally, id: Hex | null, validRound: number): Vote[] {
  const content = contentOf({ id, validRound })
  return [...tally.votes.values()].filter((vote) => contentOf(vote) === content)
}

/**
 * The power behind a list of votes that must all say `id` with one validRound in one round, each
 * validator counted once: how a certificate that came with a message is judged.
 */
export function certificatePower(
  votes: readonly Vote[],
  expected: { kind: Vote['kind']; height: number; round: number; id: Hex },
  set: ValidatorSet,
): bigint {
  const [first] = votes
  const seen = new Set<Hex>()
  let power = 0n
  for (const vote of votes) {
    const fits =
      vote.kind === expected.kind &&
      vote.height === expected.height &&
      vote.round === expected.round &&
      vote.id === expected.id &&
      vote.validRound === first?.validRound
    if (!fits || seen.has(vote.validator)) continue
    seen.add(vote.validator)
    power += set.powerOf(vote.validator)
  }
  return power
}

function contentOf({ id, validRound }: { id: Hex | null; validRound: number }): string {
  return `${id ?? 'nil'}/${validRound}`
}
