import type { Proposal, Vote } from './messages.ts'
import { type CoreState, roundWindow } from './state.ts'
import { isNewVote } from './tally.ts'

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
  return differs && !known.fired.has('proposer-accused')
}

function isFar(state: CoreState, round: number): boolean {
  return round > state.round + roundWindow
}

function isFurthest(state: CoreState, validator: Vote['validator'], round: number): boolean {
  return round > (state.furthestRound.get(validator) ?? -1)
}
