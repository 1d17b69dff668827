import type { Hex } from '@quoin/kernel'
import type { Message } from '../codec/messages.ts'
import { hasBit, type Status, toBitmap } from '../codec/status.ts'
import type { Vote } from '../core/messages.ts'
import { polkaVotes } from '../core/rules.ts'
import type { CoreState } from '../core/state.ts'
import { type Tally, votesFor } from '../core/tally.ts'

/**
 * What keeps a network alive that loses messages: a node that makes no progress says where it stands
 * and what it has, and whoever hears it sends what it lacks, also of what third parties said.
 */

export function statusOf(state: CoreState, parentId: Hex, follows: boolean): Status {
  const current = state.rounds.get(state.round)
  const { validators } = state.validators
  const bitmap = (tally: Tally | undefined) =>
    toBitmap(validators, ({ address }) => tally?.votes.has(address) ?? false)
  return {
    height: state.height,
    parentId,
    round: state.round,
    validRound: state.validRound,
    hasProposal: current?.proposal != null,
    prevotes: bitmap(current?.prevotes),
    precommits: bitmap(current?.precommits),
    follows,
  }
}

export interface Lacking {
  votes: Vote[]
  /** Rounds whose proposals are lacking. */
  proposals: number[]
}

/**
 * What a node of that status lacks and we have, of the height that both decide: its round; ours, when
 * that is later (a third of the power there makes it follow); the polka behind our lock, when later than
 * any it knows; and the precommits of that round, which may decide there.
 */
export function lackedBy(status: Status, state: CoreState): Lacking {
  const theirs = Math.max(0, status.round)
  const lacking: Lacking = { votes: [], proposals: [] }
  if (!status.hasProposal) lacking.proposals.push(theirs)
  lacking.votes.push(...votesIn(state, theirs, status))
  if (state.round > theirs) {
    lacking.proposals.push(state.round)
    lacking.votes.push(...votesIn(state, state.round))
  }
  const { validId, validRound } = state
  if (validId === null) return lacking
  const precommits = state.rounds.get(validRound)?.precommits
  if (precommits && validRound !== theirs) lacking.votes.push(...votesFor(precommits, validId, -1))
  if (validRound > status.validRound) {
    if (validRound !== theirs) lacking.proposals.push(validRound)
    lacking.votes.push(...polkaVotes(state, validRound, validId))
  }
  return { votes: [...new Set(lacking.votes)], proposals: [...new Set(lacking.proposals)] }
}

/** The votes of a round, less those that a status says are there. */
function votesIn({ rounds, validators }: CoreState, round: number, status?: Status): Vote[] {
  const known = rounds.get(round)
  if (!known) return []
  const lacked = (tally: Tally, bitmap?: Hex) =>
    validators.validators.flatMap(({ address }, index) => {
      const vote = tally.votes.get(address)
      return vote && !(bitmap && hasBit(bitmap, index)) ? [vote] : []
    })
  return [
    ...lacked(known.prevotes, status?.prevotes),
    ...lacked(known.precommits, status?.precommits),
  ]
}

export function voteMessages(votes: readonly Vote[]): Message[] {
  return votes.map((vote) => ({ type: 'vote', vote }))
}
