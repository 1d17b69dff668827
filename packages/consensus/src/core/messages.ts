import type { Ballot, Commit, Evidence, Proposal, ProposalBody, Vote } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'

/**
 * What validators say to each other at one height, as the core sees it. Signatures are opaque here:
 * the shell checks them before a message becomes an input, and makes them for what the core emits.
 */

export type { Ballot, Commit, Evidence, Proposal, Vote }

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
