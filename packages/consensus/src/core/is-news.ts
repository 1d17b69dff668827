import { isQuorum } from '@quoin/headers'
import type { Proposal, Vote } from './messages.ts'
import { hasPolka } from './rules.ts'
import { type CoreState, roundWindow } from './state.ts'
import { certificatePower, isNewVote } from './tally.ts'

/**
 * Whether a message could change anything: repetitions and floods need not be logged, nor their blocks
 * executed. What is not news may still be fed to the core, which then ignores it.
 */
export function isNews(
  state: CoreState,
  message: { type: 'vote'; vote: Vote } | { type: 'proposal'; proposal: Proposal },
): boolean {
  if (message.type === 'vote') {
    const { vote } = message
    const round = state.rounds.get(vote.round)
    if (isFar(state, vote.round)) return isFurthest(state, vote.validator, vote.round)
    return !round || isNewVote(vote.kind === 'prevote' ? round.prevotes : round.precommits, vote)
  }
  const { round, proposer, validRound, id } = message.proposal
  if (proposer !== state.proposerOf(round) || validRound < -1 || validRound >= round) return false
  if (isFar(state, round)) return isFurthest(state, proposer, round)
  const known = state.rounds.get(round)
  if (!known?.proposal) return true
  const differs = known.proposal.id !== id || known.proposal.validRound !== validRound
  return differs ? !known.fired.has('proposer-accused') : bringsProof(state, message.proposal)
}

/** A proposal that we have, with a proof of lock that we lack: the signature covers the one, not the other. */
function bringsProof(state: CoreState, { height, validRound, id, proofOfLock }: Proposal): boolean {
  if (validRound < 0 || hasPolka(state, validRound, id)) return false
  const expected = { kind: 'prevote', height, round: validRound, id } as const
  return isQuorum(state.validators, certificatePower(proofOfLock, expected, state.validators))
}

function isFar(state: CoreState, round: number): boolean {
  return round > state.round + roundWindow
}

function isFurthest(state: CoreState, validator: Vote['validator'], round: number): boolean {
  return round > (state.furthestRound.get(validator) ?? -1)
}
