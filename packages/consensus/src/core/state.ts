import type { ValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { Proposal, Vote } from './messages.ts'
import { createTally, type Tally } from './tally.ts'

/** What one validator (or follower) knows and has bound itself to at one height. */
export interface CoreState {
  readonly height: number
  readonly validators: ValidatorSet
  /** Null for a node that only follows. */
  readonly self: Hex | null
  readonly proposerOf: (round: number) => Hex

  /** −1 until started. */
  round: number
  step: 'new' | 'propose' | 'prevote' | 'precommit' | 'decided'
  lockedId: Hex | null
  lockedRound: number
  validId: Hex | null
  validRound: number

  readonly rounds: Map<number, RoundState>
  /** The highest round in which each validator has spoken, however far ahead. */
  readonly furthestRound: Map<Hex, number>
  /** Who has been shown to have voted against a lock of its own: once is enough. */
  readonly forgetful: Set<Hex>
}

export interface RoundState {
  proposal: Proposal | null
  proposalIsValid: boolean
  readonly prevotes: Tally
  readonly precommits: Tally
  /** Blocks for which a proof of lock showed a quorum of this round's prevotes, with that proof. */
  readonly provenPolkas: Map<Hex, readonly Vote[]>
  /** Rules that fire once a round. */
  readonly fired: Set<'value' | 'proposer-accused' | 'polka' | 'prevote-timer' | 'precommit-timer'>
}

/** Rounds further ahead than this are remembered only as "this validator is there". */
export const roundWindow = 20

export interface CoreOptions {
  height: number
  validators: ValidatorSet
  self: Hex | null
  proposerOf: (round: number) => Hex
}

/** A core for one height, not yet started. Heights do not share state: the next one gets a new core. */
export function createCore(options: CoreOptions): CoreState {
  return {
    ...options,
    round: -1,
    step: 'new',
    lockedId: null,
    lockedRound: -1,
    validId: null,
    validRound: -1,
    rounds: new Map(),
    furthestRound: new Map(),
    forgetful: new Set(),
  }
}

export function roundOf(state: CoreState, round: number): RoundState {
  const known = state.rounds.get(round)
  if (known) return known
  const fresh: RoundState = {
    proposal: null,
    proposalIsValid: false,
    prevotes: createTally(),
    precommits: createTally(),
    provenPolkas: new Map(),
    fired: new Set(),
  }
  state.rounds.set(round, fresh)
  return fresh
}
