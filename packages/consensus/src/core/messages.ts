import type { Hex } from '@quoin/kernel'

/**
 * What validators say to each other at one height, as the core sees it. Signatures are opaque here:
 * the shell checks them before a message becomes an input, and makes them for what the core emits.
 */

/** What a validator signs to vote. `id` null is nil: "no block in this round". */
export interface Ballot {
  kind: 'prevote' | 'precommit'
  height: number
  round: number
  id: Hex | null
  /**
   * Prevotes name the validRound of the proposal that they answer, −1 for a fresh one, so that
   * whoever breaks the locking rule signs the proof of it (the accountable variant). Precommits: −1.
   */
  validRound: number
  validator: Hex
}

export interface Vote extends Ballot {
  signature: Hex
}

/** What a proposer signs: the block's id, and the round of the polka that it claims, or −1. */
export interface ProposalBody {
  kind: 'proposal'
  height: number
  round: number
  id: Hex
  validRound: number
  proposer: Hex
}

export interface Proposal extends ProposalBody {
  signature: Hex
  /** The prevotes of `validRound` for `id`; empty for a fresh block. */
  proofOfLock: Vote[]
}

/** A quorum of precommits for one block: reason enough to decide, whatever else is known. */
export interface Commit {
  height: number
  round: number
  id: Hex
  precommits: Vote[]
}

export type TimedStep = 'propose' | 'prevote' | 'precommit'

export interface Timer {
  height: number
  round: number
  step: TimedStep
}

/** Everything that can happen to the core. All of it is logged, in this order, before it takes effect. */
export type Input =
  | { type: 'start' }
  /** The block that was asked for by `requestValue`. */
  | { type: 'value'; round: number; id: Hex }
  /** `valid`: what execution and the block rules say of the proposal's block. */
  | { type: 'proposal'; proposal: Proposal; valid: boolean }
  | { type: 'vote'; vote: Vote }
  | { type: 'commit'; commit: Commit }
  | { type: 'timeout'; timer: Timer }

/** Everything that the core asks of the shell. */
export type Effect =
  /** Make a block to propose in this round and give it back as a `value` (paper: getValue). */
  | { type: 'requestValue'; height: number; round: number }
  /** Sign, send to all, and give back as a `proposal`. */
  | { type: 'propose'; body: ProposalBody; proofOfLock: Vote[] }
  /** Sign, send to all, and give back as a `vote`. */
  | { type: 'vote'; ballot: Ballot }
  | { type: 'schedule'; timer: Timer }
  | { type: 'decide'; commit: Commit }
  | { type: 'evidence'; evidence: Evidence }

/** Two signed statements of one validator of which an honest one makes at most one. */
export type Evidence =
  | { kind: 'duplicate-vote'; first: Vote; second: Vote }
  | { kind: 'duplicate-proposal'; first: Proposal; second: Proposal }
