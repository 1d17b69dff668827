import type { Hex } from '@quoin/kernel'
import type { Evidence, Proposal, Vote } from '../core/messages.ts'

/**
 * Everything that validators have signed, as far as somebody knows, and whom two of these statements
 * convict. Written apart from the core's own search for evidence, to judge it.
 */
export class Statements {
  readonly #slots = new Map<string, Vote | Proposal>()
  /** Prevotes and precommits for blocks, by validator and height. */
  readonly #bound = new Map<string, Vote[]>()
  readonly #accused = new Set<Hex>()

  /** Whom what is known so far convicts. */
  get accused(): ReadonlySet<Hex> {
    return this.#accused
  }

  /** What a statement, with an earlier one, is proof of. */
  add(statement: Vote | Proposal): Evidence[] {
    const evidence = [...this.#duplicates(statement), ...this.#amnesia(statement)]
    if (evidence.length > 0) this.#accused.add(signerOf(statement))
    if (statement.kind === 'proposal')
      for (const vote of statement.proofOfLock) evidence.push(...this.add(vote))
    return evidence
  }

  #duplicates(statement: Vote | Proposal): Evidence[] {
    const { kind, height, round } = statement
    const slot = `${signerOf(statement)}/${kind}/${height}/${round}`
    const first = this.#slots.get(slot)
    if (!first) this.#slots.set(slot, statement)
    if (!first || (first.id === statement.id && first.validRound === statement.validRound))
      return []
    if (first.kind === 'proposal' && statement.kind === 'proposal')
      return [{ kind: 'duplicate-proposal', first, second: statement }]
    if (first.kind !== 'proposal' && statement.kind !== 'proposal')
      return [{ kind: 'duplicate-vote', first, second: statement }]
    return []
  }

  #amnesia(statement: Vote | Proposal): Evidence[] {
    if (statement.kind === 'proposal' || statement.id === null) return []
    const key = `${statement.validator}/${statement.height}`
    const others = this.#bound.get(key) ?? []
    this.#bound.set(key, others)
    others.push(statement)
    return others.flatMap((other) => {
      if (other.kind === statement.kind) return []
      const [precommit, prevote] =
        other.kind === 'precommit' ? [other, statement] : [statement, other]
      const forgets = precommit.round < prevote.round && prevote.validRound < precommit.round
      return forgets ? [{ kind: 'amnesia', precommit, prevote } as const] : []
    })
  }
}

function signerOf(statement: Vote | Proposal): Hex {
  return statement.kind === 'proposal' ? statement.proposer : statement.validator
}
