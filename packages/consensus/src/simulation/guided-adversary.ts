import { accusedOf, createValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { Effect, Evidence, Input, Proposal, TimedStep, Vote } from '../core/messages.ts'
import type { Rule } from '../core/rules.ts'
import { type CoreState, createCore } from '../core/state.ts'
import { step } from '../core/step.ts'
import { createRandom } from './random.ts'

type Said = { type: 'proposal'; proposal: Proposal } | { type: 'vote'; vote: Vote }

interface HonestNode {
  core: CoreState
  timers: Set<string>
}

const addresses = [1, 2, 3, 4].map((index): Hex => `0x${index.toString(16).padStart(40, '0')}`)
const validators = createValidatorSet(
  addresses.map((address) => ({ address, power: 1n, blsPublicKey: `0x${'00'.repeat(48)}` })),
)
const proposerOf = (round: number): Hex => addresses[round % addresses.length] ?? '0x'

/**
 * One height under an adversary that owns the network and one validator. It goes round by round and,
 * for every phase and every listener, decides who hears what, in a way that keeps rounds close to
 * agreement: there the bugs in locking are, which random faults do not find.
 * Gives what went wrong, or null.
 */
export function attack(seed: number, rules?: readonly Rule[], rounds = 5): string | null {
  return new GuidedAdversary(seed, rules).run(rounds)
}

class GuidedAdversary {
  readonly #random: () => number
  readonly #rules: readonly Rule[] | undefined
  readonly #liar: Hex
  readonly #nodes = new Map<Hex, HonestNode>()
  /** Everything an honest node has said, and the blocks that exist. */
  readonly #said: Said[] = []
  readonly #blocks: Hex[] = []
  readonly #decided = new Map<Hex, Hex>()
  #failure: string | null = null

  constructor(seed: number, rules: readonly Rule[] | undefined) {
    this.#random = createRandom(seed)
    this.#rules = rules
    this.#liar = this.#pick(addresses)
    for (const self of addresses)
      if (self !== this.#liar)
        this.#nodes.set(self, {
          core: createCore({ height: 1, validators, self, proposerOf }),
          timers: new Set(),
        })
  }

  run(rounds: number): string | null {
    for (const self of this.#nodes.keys()) this.#feed(self, { type: 'start' })
    for (let round = 0; round < rounds && !this.#failure; round++) this.#playRound(round)
    return this.#failure
  }

  #playRound(round: number): void {
    this.#phase(
      (said) => said.type === 'proposal' && said.proposal.round === round,
      () => this.#liesAsProposer(round),
    )
    this.#expire('propose', round, 0.8)
    this.#phase(isVote('prevote', round), (to) => [this.#lie('prevote', round, to)])
    this.#expire('prevote', round, 1)
    this.#phase(isVote('precommit', round), (to) => [this.#lie('precommit', round, to)])
    if (this.#chance(0.3)) this.#deliverOldNews()
    this.#helpOn(round)
    this.#expire('precommit', round, 1)
  }

  /**
   * Each listener hears everything, nothing, or some of it; so it goes with the lies, too. Once
   * somebody has decided, the others are helped on: they might decide something else.
   */
  #phase(fits: (said: Said) => boolean, lies: (to: Hex) => Said[]): void {
    const truths = this.#said.filter(fits)
    for (const to of this.#nodes.keys()) {
      const mood = this.#random()
      const generous = this.#decided.size > 0 ? 0.8 : 0.45
      const share = mood < generous ? 1 : mood < 0.85 ? 0 : 0.6
      for (const said of truths) if (this.#chance(share)) this.#hear(to, said)
      if (share === 1 || this.#chance(0.4)) for (const said of lies(to)) this.#hear(to, said)
    }
  }

  /** A new block, or an old one with a proof that it can put together, or one without. */
  #liesAsProposer(round: number): Said[] {
    if (proposerOf(round) !== this.#liar) return []
    const provable = this.#provable(round)
    const isBold = this.#decided.size > 0 && round > 0
    const old = provable.length > 0 && this.#chance(0.7) && !isBold ? this.#pick(provable) : null
    const isFresh = !old && (this.#chance(0.5) || this.#blocks.length === 0)
    const id =
      old?.id ??
      (isFresh ? this.#block(`${round}${this.#chance(0.5) ? 'a' : 'b'}`) : this.#pick(this.#blocks))
    const bluff = round === 0 || this.#chance(0.5) ? -1 : Math.floor(this.#random() * round)
    const validRound = old?.round ?? (isBold ? round - 1 : bluff)
    const proofOfLock = validRound < 0 ? [] : this.#proof(validRound, id)
    const content = { height: 1, round, id, validRound, proposer: this.#liar }
    return [
      {
        type: 'proposal',
        proposal: { kind: 'proposal', ...content, proofOfLock, signature: '0x' },
      },
    ]
  }

  /** Blocks of earlier rounds for which two honest prevotes and its own make a quorum. */
  #provable(before: number): { round: number; id: Hex }[] {
    const rounds = Array.from({ length: before }, (_, round) => round)
    return rounds.flatMap((round) =>
      this.#blocks.filter((id) => this.#proof(round, id).length >= 3).map((id) => ({ round, id })),
    )
  }

  /** Honest prevotes that exist, and its own. */
  #proof(round: number, id: Hex): Vote[] {
    const honest = this.#said.flatMap((said) =>
      said.type === 'vote' &&
      said.vote.kind === 'prevote' &&
      said.vote.round === round &&
      said.vote.id === id
        ? [said.vote]
        : [],
    )
    const validRound = honest[0]?.validRound ?? -1
    const own = { ...vote('prevote', round, id, validRound), validator: this.#liar }
    return [...honest.filter((honestVote) => honestVote.validRound === validRound), own]
  }

  /** Agrees with what this listener has been proposed, or says nil. */
  #lie(kind: Vote['kind'], round: number, to: Hex): Said {
    const proposal = this.#nodes.get(to)?.core.rounds.get(round)?.proposal
    const agrees = proposal && this.#chance(0.7)
    const validRound = agrees && kind === 'prevote' ? proposal.validRound : -1
    const lie = vote(kind, round, agrees ? proposal.id : null, validRound)
    return { type: 'vote', vote: { ...lie, validator: this.#liar } }
  }

  #deliverOldNews(): void {
    for (const said of this.#said)
      if (this.#chance(0.25)) this.#hear(this.#pick([...this.#nodes.keys()]), said)
  }

  /** Nobody decides, so that the next round can come. */
  #helpOn(round: number): void {
    const nils = this.#said.filter(isVote('precommit', round)).filter(isNil)
    for (const to of this.#nodes.keys()) {
      for (const said of nils) this.#hear(to, said)
      const nil = { ...vote('precommit', round, null, -1), validator: this.#liar }
      this.#hear(to, { type: 'vote', vote: nil })
    }
  }

  #expire(of: TimedStep, round: number, probability: number): void {
    for (const [self, { core, timers }] of this.#nodes)
      if (core.round === round && timers.has(`${of}/${round}`) && this.#chance(probability))
        this.#feed(self, { type: 'timeout', timer: { height: 1, round, step: of } })
  }

  #hear(to: Hex, said: Said): void {
    this.#feed(to, said.type === 'proposal' ? { ...said, valid: true } : said)
  }

  #feed(self: Hex, first: Input): void {
    const node = this.#nodes.get(self)
    const queue = [first]
    for (let input = queue.shift(); node && input; input = queue.shift())
      for (const effect of step(node.core, input, this.#rules)) {
        const answer = this.#carryOut(self, node, effect)
        if (answer) queue.push(answer)
      }
  }

  #carryOut(self: Hex, { timers }: HonestNode, effect: Effect): Input | null {
    switch (effect.type) {
      case 'schedule':
        timers.add(`${effect.timer.step}/${effect.timer.round}`)
        return null
      case 'requestValue':
        return { type: 'value', round: effect.round, id: this.#block(`${effect.round}of${self}`) }
      case 'propose': {
        const proposal = {
          ...effect.body,
          proofOfLock: effect.proofOfLock,
          signature: '0x',
        } as const
        this.#said.push({ type: 'proposal', proposal })
        return { type: 'proposal', proposal, valid: true }
      }
      case 'vote': {
        const said = { type: 'vote', vote: { ...effect.ballot, signature: '0x' } } as const
        this.#said.push(said)
        return said
      }
      case 'evidence':
        return this.#checkEvidence(effect.evidence)
      case 'decide':
        return this.#checkDecision(self, effect.commit.id)
    }
  }

  #checkEvidence(evidence: Evidence): null {
    const { validator: accused } = accusedOf(evidence)
    if (accused !== this.#liar) this.#failure ??= `the honest ${accused} contradicts itself`
    return null
  }

  #checkDecision(self: Hex, id: Hex): null {
    for (const [other, decided] of this.#decided)
      if (decided !== id) this.#failure ??= `${other} decided ${decided}, ${self} ${id}`
    this.#decided.set(self, id)
    return null
  }

  #block(name: string): Hex {
    const id: Hex = `0x${name}`
    if (!this.#blocks.includes(id)) this.#blocks.push(id)
    return id
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  #pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.#random() * list.length)]
    if (picked === undefined) throw new RangeError('Nothing to pick from')
    return picked
  }
}

function vote(kind: Vote['kind'], round: number, id: Hex | null, validRound: number) {
  return { kind, height: 1, round, id, validRound, signature: '0x' } as const
}

function isVote(kind: Vote['kind'], round: number): (said: Said) => boolean {
  return (said) => said.type === 'vote' && said.vote.kind === kind && said.vote.round === round
}

function isNil(said: Said): boolean {
  return said.type === 'vote' && said.vote.id === null
}
