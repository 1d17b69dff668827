import { isQuorum, type ValidatorSet } from '@quoin/headers'
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
    if (isFar(state, vote.round)) return !isKnownFar(state, vote.validator)
    return !round || isNewVote(vote.kind === 'prevote' ? round.prevotes : round.precommits, vote)
  }
  const { round, proposer, validRound, id } = message.proposal
  if (proposer !== state.proposerOf(round) || validRound < -1 || validRound >= round) return false
  if (isFar(state, round)) return !isKnownFar(state, proposer)
  const known = state.rounds.get(round)
  if (!known?.proposal) return true
  const differs = known.proposal.id !== id || known.proposal.validRound !== validRound
  return differs ? !known.fired.has('proposer-accused') : bringsProof(state, message.proposal)
}

/** A proposal that we have, with a proof of lock that we lack: the signature covers the one, not the other. */
function bringsProof(state: CoreState, proposal: Proposal): boolean {
  const { validRound, id } = proposal
  if (validRound < 0 || hasPolka(state, validRound, id)) return false
  return isProven(proposal, state.validators)
}

/** Whether a proposal's proof of lock is a quorum. */
export function isProven(
  { height, validRound: round, id, proofOfLock }: Proposal,
  validators: ValidatorSet,
): boolean {
  const expected = { kind: 'prevote', height, round, id } as const
  return isQuorum(validators, certificatePower(proofOfLock, expected, validators))
}

function isFar(state: CoreState, round: number): boolean {
  return round > state.round + roundWindow
}

/**
 * That a validator is far ahead is worth knowing once: how far is seen when we come nearer. Else it could
 * fill our log with a message from each of four billion rounds.
 */
function isKnownFar(state: CoreState, validator: Vote['validator']): boolean {
  return isFar(state, state.furthestRound.get(validator) ?? -1)
}
