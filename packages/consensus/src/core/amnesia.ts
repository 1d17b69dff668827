import type { Evidence, Vote } from './messages.ts'
import type { CoreState } from './state.ts'

/**
 * Whether a vote and an earlier one of the same validator show that it forgot a lock: it precommitted a
 * block in round r, so it was locked there or later ever after, and an honest validator then prevotes
 * only what a polka of round r or later stands behind, and says so in its vote's validRound. At most one
 * per validator: further ones convict nobody else.
 */
export function findAmnesia(state: CoreState, vote: Vote): Evidence | null {
  if (vote.id === null || state.forgetful.has(vote.validator)) return null
  for (const [round, { prevotes, precommits }] of state.rounds) {
    const other = (vote.kind === 'prevote' ? precommits : prevotes).votes.get(vote.validator)
    if (!other || round === vote.round) continue
    const [precommit, prevote] = vote.kind === 'prevote' ? [other, vote] : [vote, other]
    if (!isAmnesia(precommit, prevote)) continue
    state.forgetful.add(vote.validator)
    return { kind: 'amnesia', precommit, prevote }
  }
  return null
}

/** The whole of the proof, as a contract checks it; the signatures apart. */
function isAmnesia(precommit: Vote, prevote: Vote): boolean {
  return (
    precommit.kind === 'precommit' &&
    prevote.kind === 'prevote' &&
    precommit.validator === prevote.validator &&
    precommit.height === prevote.height &&
    precommit.id !== null &&
    prevote.id !== null &&
    precommit.round < prevote.round &&
    prevote.validRound < precommit.round
  )
}
