import type { Hex } from '@quoin/kernel'

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

/**
 * Two signed statements of one validator of which an honest one makes at most one: proof of fault with no
 * further reasoning. `amnesia`: a precommit for a block in a round, and a prevote in a later round that
 * claims no proof of lock from that round on (`prevote.validRound < precommit.round`).
 */
export type Evidence =
  | { kind: 'duplicate-vote'; first: Vote; second: Vote }
  | { kind: 'duplicate-proposal'; first: Proposal; second: Proposal }
  | { kind: 'amnesia'; precommit: Vote; prevote: Vote }

/** Whom evidence accuses, and where. */
export function accusedOf(evidence: Evidence): { validator: Hex; height: number } {
  if (evidence.kind === 'amnesia') return evidence.precommit
  const { first } = evidence
  return {
    height: first.height,
    validator: 'validator' in first ? first.validator : first.proposer,
  }
}
