import { isQuorum } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { findAmnesia } from './amnesia.ts'
import type { Commit, Effect, Input, Proposal, Timer, Vote } from './messages.ts'
import { precommit, prevote, propose, type Rule, startRound, tendermintRules } from './rules.ts'
import { type CoreState, roundOf, roundWindow } from './state.ts'
import { addVote, certificatePower } from './tally.ts'

/**
 * One input into the core: changes `state` and gives what the shell must now do, in order. The same
 * inputs in the same order always give the same effects: replaying a log is recovery. After the
 * decision a core only witnesses: late votes are counted (for the next block's certificate) and
 * contradictions among them are still evidence.
 * `rules` is for tests that show what a wrong core would do.
 */
export function step(
  state: CoreState,
  input: Input,
  rules: readonly Rule[] = tendermintRules,
): Effect[] {
  const effects: Effect[] = []
  const emit = (effect: Effect) => void effects.push(effect)
  accept(state, input, emit)
  while (isRunning(state) && rules.some((rule) => isRunning(state) && rule(state, emit)));
  return effects
}

function isRunning(state: CoreState): boolean {
  return state.step !== 'new' && state.step !== 'decided'
}

function accept(state: CoreState, input: Input, emit: (effect: Effect) => void): void {
  switch (input.type) {
    case 'start':
      if (state.step === 'new') startRound(state, 0, emit)
      return
    case 'value':
      acceptValue(state, input, emit)
      return
    case 'proposal':
      acceptProposal(state, input.proposal, input.valid, emit)
      return
    case 'vote':
      acceptVote(state, input.vote, emit)
      return
    case 'commit':
      acceptCommit(state, input.commit, emit)
      return
    case 'timeout':
      acceptTimeout(state, input.timer, emit)
      return
  }
}

/** A polka that came to light while the block was made goes first: others may be locked on it. */
function acceptValue(
  state: CoreState,
  { round, id }: { round: number; id: Hex },
  emit: (effect: Effect) => void,
): void {
  if (state.step !== 'propose' || round !== state.round) return
  if (roundOf(state, round).fired.has('value')) return
  if (state.validId === null) propose(state, id, -1, emit)
  else propose(state, state.validId, state.validRound, emit)
}

function acceptProposal(
  state: CoreState,
  proposal: Proposal,
  valid: boolean,
  emit: (effect: Effect) => void,
): void {
  const { height, round, id, validRound, proposer } = proposal
  if (height !== state.height || proposer !== state.proposerOf(round)) return
  if (validRound < -1 || validRound >= round) return
  noteRound(state, proposer, round)
  if (round > state.round + roundWindow) return
  const target = roundOf(state, round)
  const { proposal: first } = target
  if (first) {
    const differs = first.id !== id || first.validRound !== validRound
    // Its signature does not cover the proof of lock: who passed it on first may have left the proof out.
    if (!differs && validRound >= 0) acceptProofOfLock(state, proposal, emit)
    if (!differs || target.fired.has('proposer-accused')) return
    target.fired.add('proposer-accused')
    emit({ type: 'evidence', evidence: { kind: 'duplicate-proposal', first, second: proposal } })
    return
  }
  target.proposal = proposal
  target.proposalIsValid = valid
  if (validRound >= 0) acceptProofOfLock(state, proposal, emit)
}

/** A proof of lock counts as a certificate of its own, not vote by vote against our tally. */
function acceptProofOfLock(
  state: CoreState,
  { height, id, validRound: round, proofOfLock }: Proposal,
  emit: (effect: Effect) => void,
): void {
  const power = certificatePower(
    proofOfLock,
    { kind: 'prevote', height, round, id },
    state.validators,
  )
  const { provenPolkas } = roundOf(state, round)
  if (!isQuorum(state.validators, power) || provenPolkas.has(id)) return
  provenPolkas.set(id, proofOfLock)
  for (const vote of proofOfLock)
    if (vote.kind === 'prevote' && vote.round === round) acceptVote(state, vote, emit)
}

function acceptVote(state: CoreState, vote: Vote, emit: (effect: Effect) => void): void {
  if (vote.height !== state.height || state.validators.powerOf(vote.validator) === 0n) return
  noteRound(state, vote.validator, vote.round)
  if (vote.round > state.round + roundWindow) return
  const target = roundOf(state, vote.round)
  const tally = vote.kind === 'prevote' ? target.prevotes : target.precommits
  if (vote.validator === state.self) bindToOwn(state, vote)
  const first = addVote(tally, vote, state.validators)
  if (first) emit({ type: 'evidence', evidence: { kind: 'duplicate-vote', first, second: vote } })
  const evidence = findAmnesia(state, vote)
  if (evidence) emit({ type: 'evidence', evidence })
}

/** What we precommitted binds us, however we learn of it: a node that lost its log has it from its sign guard. */
function bindToOwn(state: CoreState, { kind, round, id }: Vote): void {
  if (kind !== 'precommit' || id === null || round <= state.lockedRound) return
  state.lockedId = id
  state.lockedRound = round
}

/** A whole certificate decides by itself; the shell brings its block and has found it valid. */
function acceptCommit(state: CoreState, commit: Commit, emit: (effect: Effect) => void): void {
  const { height, round, id, precommits } = commit
  if (height !== state.height) return
  const power = certificatePower(
    precommits,
    { kind: 'precommit', height, round, id },
    state.validators,
  )
  if (!isQuorum(state.validators, power)) return
  for (const vote of precommits)
    if (vote.kind === 'precommit' && vote.round === round) acceptVote(state, vote, emit)
  if (state.step === 'decided') return
  state.step = 'decided'
  emit({ type: 'decide', commit })
}

/** Lines 57–67. */
function acceptTimeout(state: CoreState, timer: Timer, emit: (effect: Effect) => void): void {
  if (timer.height !== state.height || timer.round !== state.round) return
  if (timer.step === 'propose' && state.step === 'propose') prevote(state, null, -1, emit)
  else if (timer.step === 'prevote' && state.step === 'prevote') precommit(state, null, emit)
  else if (timer.step === 'precommit' && isRunning(state)) startRound(state, timer.round + 1, emit)
}

function noteRound(state: CoreState, validator: Hex, round: number): void {
  if (round > (state.furthestRound.get(validator) ?? -1)) state.furthestRound.set(validator, round)
}
