import { isHonestShare, isQuorum } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { Effect, Vote } from './messages.ts'
import { type CoreState, roundOf } from './state.ts'
import { powerFor, type Tally, votesFor } from './tally.ts'

/**
 * The "upon" rules of Tendermint, each a function that looks at the state and fires at most once per
 * call. Line numbers are those of Algorithm 1 in "The latest gossip on BFT consensus",
 * arXiv:1807.04938. Prevotes also carry validRound (the accountable variant), so a polka is a
 * quorum of prevotes that agree on block and validRound.
 */
export type Rule = (state: CoreState, emit: (effect: Effect) => void) => boolean

/** Lines 11–21. */
export function startRound(state: CoreState, round: number, emit: (effect: Effect) => void): void {
  state.round = round
  state.step = 'propose'
  const { height, self, validators } = state
  const isOurs = self !== null && state.proposerOf(round) === self
  // The proposer waits no longer for itself than the others do: its execution may hang. Unless it is alone.
  if (!isOurs || !isQuorum(validators, validators.powerOf(self)))
    emit({ type: 'schedule', timer: { height, round, step: 'propose' } })
  if (!isOurs) return
  if (state.validId === null) emit({ type: 'requestValue', height, round })
  else propose(state, state.validId, state.validRound, emit)
}

/** Line 19; a value that was valid before goes out with the prevotes that prove it. */
export function propose(
  state: CoreState,
  id: Hex,
  validRound: number,
  emit: (effect: Effect) => void,
): void {
  const { height, round, self } = state
  if (self === null) return
  roundOf(state, round).fired.add('value')
  emit({
    type: 'propose',
    body: { kind: 'proposal', height, round, id, validRound, proposer: self },
    proofOfLock: validRound < 0 ? [] : [...polkaVotes(state, validRound, id)],
  })
}

export function prevote(
  state: CoreState,
  id: Hex | null,
  validRound: number,
  emit: (effect: Effect) => void,
): void {
  state.step = 'prevote'
  castVote(state, 'prevote', id, validRound, emit)
}

export function precommit(state: CoreState, id: Hex | null, emit: (effect: Effect) => void): void {
  state.step = 'precommit'
  castVote(state, 'precommit', id, -1, emit)
}

/** Line 49: a quorum of precommits for a known, valid block decides, in whichever round it stands. */
export const decideInAnyRound: Rule = (state, emit) => {
  for (const [round, { proposal, proposalIsValid, precommits }] of state.rounds) {
    if (!proposal || !proposalIsValid) continue
    if (!isQuorum(state.validators, powerFor(precommits, proposal.id, -1))) continue
    state.step = 'decided'
    const { height } = state
    const commit = {
      height,
      round,
      id: proposal.id,
      precommits: votesFor(precommits, proposal.id, -1),
    }
    emit({ type: 'decide', commit })
    return true
  }
  return false
}

/** Line 55, with "in that round or later": validators that went further still count. */
export const skipRound: Rule = (state, emit) => {
  const ahead = [...state.furthestRound]
    .filter(([, round]) => round > state.round)
    .sort(([, a], [, b]) => b - a)
  let power = 0n
  for (const [validator, round] of ahead) {
    power += state.validators.powerOf(validator)
    if (!isHonestShare(state.validators, power)) continue
    startRound(state, round, emit)
    return true
  }
  return false
}

/**
 * Line 22: a fresh proposal. Its block was made for this round (the shell sees to that), so it is not the
 * one that we may be locked on: who is locked says nil. "Locked on the same" would be harmless for
 * safety, but then a prevote could not be told from one that forgets its lock.
 */
export const prevoteFresh: Rule = (state, emit) => {
  const { proposal, proposalIsValid } = roundOf(state, state.round)
  if (state.step !== 'propose' || proposal?.validRound !== -1) return false
  const free = state.lockedRound === -1
  prevote(state, proposalIsValid && free ? proposal.id : null, -1, emit)
  return true
}

/** Line 28: a proposal with a proof of lock at least as late as our lock. */
export const prevoteProven: Rule = (state, emit) => {
  const { proposal, proposalIsValid } = roundOf(state, state.round)
  if (state.step !== 'propose' || !proposal) return false
  const { id, validRound } = proposal
  if (validRound < 0 || validRound >= state.round || !hasPolka(state, validRound, id)) return false
  const free = state.lockedRound <= validRound
  const accepted = proposalIsValid && free
  prevote(state, accepted ? id : null, accepted ? validRound : -1, emit)
  return true
}

/** Line 36: a polka for this round's proposal makes it valid and, in time, locks it. */
export const lockOnPolka: Rule = (state, emit) => {
  const current = roundOf(state, state.round)
  const { proposal, proposalIsValid, prevotes, fired } = current
  if (state.step !== 'prevote' && state.step !== 'precommit') return false
  if (!proposal || !proposalIsValid || fired.has('polka')) return false
  if (!isQuorum(state.validators, powerFor(prevotes, proposal.id, proposal.validRound)))
    return false
  fired.add('polka')
  state.validId = proposal.id
  state.validRound = state.round
  if (state.step === 'prevote') {
    state.lockedId = proposal.id
    state.lockedRound = state.round
    precommit(state, proposal.id, emit)
  }
  return true
}

/**
 * A polka of an earlier round that came to light late is proposed again by whoever proposes next, though
 * it binds nobody now. So it is enough for liveness that a lock's polka spreads: nobody needs to wait
 * until the one that is locked proposes.
 */
const adoptLatePolka: Rule = (state) => {
  for (const [round, { proposal, proposalIsValid }] of state.rounds) {
    if (!proposal || !proposalIsValid) continue
    const late = [round, proposal.validRound]
      .filter((then) => then > state.validRound && then < state.round)
      .find((then) => hasPolka(state, then, proposal.id))
    if (late === undefined) continue
    state.validId = proposal.id
    state.validRound = late
    return true
  }
  return false
}

/** A quorum of nil precommits: this round can decide nothing, so there is nothing to wait for. */
const leaveOnNil: Rule = (state, emit) => {
  const { precommits } = roundOf(state, state.round)
  if (!isQuorum(state.validators, powerFor(precommits, null, -1))) return false
  startRound(state, state.round + 1, emit)
  return true
}

/** Line 44. */
const precommitNil: Rule = (state, emit) => {
  const { prevotes } = roundOf(state, state.round)
  if (state.step !== 'prevote') return false
  if (!isQuorum(state.validators, powerFor(prevotes, null, -1))) return false
  precommit(state, null, emit)
  return true
}

/** Line 34. */
const schedulePrevoteTimer: Rule = (state, emit) =>
  state.step === 'prevote' && scheduleOnce(state, 'prevote', emit)

/** Line 47. */
export const schedulePrecommitTimer: Rule = (state, emit) => scheduleOnce(state, 'precommit', emit)

export const tendermintRules: readonly Rule[] = [
  decideInAnyRound,
  adoptLatePolka,
  skipRound,
  prevoteFresh,
  prevoteProven,
  lockOnPolka,
  precommitNil,
  schedulePrevoteTimer,
  leaveOnNil,
  schedulePrecommitTimer,
]

function castVote(
  { height, round, self }: CoreState,
  kind: 'prevote' | 'precommit',
  id: Hex | null,
  validRound: number,
  emit: (effect: Effect) => void,
): void {
  if (self !== null)
    emit({ type: 'vote', ballot: { kind, height, round, id, validRound, validator: self } })
}

function scheduleOnce(
  state: CoreState,
  step: 'prevote' | 'precommit',
  emit: (effect: Effect) => void,
): boolean {
  const { height, round, validators } = state
  const current = roundOf(state, round)
  const tally: Tally = current[`${step}s`]
  const once: 'prevote-timer' | 'precommit-timer' = `${step}-timer`
  if (current.fired.has(once) || !isQuorum(validators, tally.power)) return false
  current.fired.add(once)
  emit({ type: 'schedule', timer: { height, round, step } })
  return true
}

/** Whether a quorum of prevotes for a block in a round is known, vote by vote or as a whole. */
export function hasPolka(state: CoreState, round: number, id: Hex): boolean {
  const isProven = state.rounds.get(round)?.provenPolkas.has(id) ?? false
  return isProven || polkaVotes(state, round, id).length > 0
}

/** The quorum of prevotes for a block in a round, or nothing. */
export function polkaVotes(state: CoreState, round: number, id: Hex): readonly Vote[] {
  const then = state.rounds.get(round)
  if (!then) return []
  const { prevotes, provenPolkas } = then
  for (const { validRound } of prevotes.votes.values())
    if (isQuorum(state.validators, powerFor(prevotes, id, validRound)))
      return votesFor(prevotes, id, validRound)
  return provenPolkas.get(id) ?? []
}
