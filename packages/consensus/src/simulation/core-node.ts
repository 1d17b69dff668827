import { isQuorum, type ValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { createFutureMessages } from '../core/future-messages.ts'
import type { Commit, Effect, Evidence, Input, Proposal, Timer, Vote } from '../core/messages.ts'
import { polkaVotes, type Rule, tendermintRules } from '../core/rules.ts'
import { type CoreState, createCore } from '../core/state.ts'
import { step } from '../core/step.ts'
import { powerFor } from '../core/tally.ts'

export type Said =
  | { type: 'proposal'; proposal: Proposal }
  | { type: 'vote'; vote: Vote }
  | { type: 'commit'; commit: Commit }

/** What a node does to the world. */
export interface World {
  say(node: CoreNode, said: Said): void
  schedule(node: CoreNode, timer: Timer): void
  /** A block that only this node could have made. */
  makeBlock(node: CoreNode, round: number): Hex
  decided(node: CoreNode, commit: Commit): void
  accused(evidence: Evidence): void
}

export interface CoreNodeOptions {
  self: Hex
  /** Tells twins apart: the same key run twice. */
  name: string
  validators: ValidatorSet
  world: World
  rules?: readonly Rule[]
  /** Whether inputs are on the disk before what follows from them leaves. */
  syncsLog?: boolean
  /** Whether messages that came before their height go through the log when it begins. */
  logsFuture?: boolean
  /** Whether it says again what may have been lost. */
  repeats?: boolean
}

/** The core of one validator with a disk that loses, in a crash, what was not flushed. */
export class CoreNode {
  readonly self: Hex
  readonly name: string
  readonly commits: Commit[] = []
  isUp = true
  /** Counts lives: what was planned in an earlier one is void. */
  life = 0
  state: CoreState
  readonly #options: CoreNodeOptions
  readonly #future = createFutureMessages<Said>()
  #durable: Input[] = []
  #volatile: Input[] = []
  /** Own messages of this height, to be sent again until the height is over. */
  #said: Said[] = []

  constructor(options: CoreNodeOptions) {
    this.self = options.self
    this.name = options.name
    this.#options = options
    this.state = this.#createCore()
  }

  get height(): number {
    return this.commits.length + 1
  }

  start(): void {
    if (this.isUp && this.state.step === 'new') this.input({ type: 'start' })
  }

  /** A block that it knows to be valid and to have a quorum of precommits, and that it has not decided. */
  undecided(): Hex | null {
    const { state } = this
    for (const { proposal, proposalIsValid, precommits } of state.rounds.values()) {
      if (!proposal || !proposalIsValid) continue
      const power = powerFor(precommits, proposal.id, -1)
      if (isQuorum(this.#options.validators, power) && state.step !== 'new') return proposal.id
    }
    return null
  }

  input(first: Input, isLogged = true): void {
    const queue = [first]
    for (let input = queue.shift(); input; input = queue.shift()) {
      if (isLogged || input !== first) this.#volatile.push(input)
      for (const effect of step(this.state, input, this.#options.rules ?? tendermintRules)) {
        if (effect.type === 'decide') {
          this.#decide(effect.commit)
          return
        }
        this.#carryOut(effect, queue)
      }
    }
  }

  hear(said: Said, isLogged = true): void {
    const content = contentOf(said)
    if (content.height > this.height) {
      const sender = 'validator' in content ? content.validator : 'commit'
      if (said.type !== 'commit') this.#future.add(content.height, sender, said)
    } else if (content.height === this.height) {
      this.input(said.type === 'proposal' ? { ...said, valid: true } : said, isLogged)
    }
  }

  /**
   * What keeps a network alive that loses messages: its own words of this round and the one before, and the
   * polka behind the block that it holds valid. What is older is not said again.
   */
  repeat(): void {
    const { world, repeats = true } = this.#options
    if (!repeats) return
    const { state } = this
    for (const said of this.#said) if (roundOf(said) >= state.round - 1) world.say(this, said)
    const { validId, validRound } = state
    if (validId === null || validRound >= state.round) return
    const proposal = state.rounds.get(validRound)?.proposal
    if (proposal) world.say(this, { type: 'proposal', proposal })
    for (const vote of polkaVotes(state, validRound, validId))
      world.say(this, { type: 'vote', vote })
  }

  crash(): void {
    this.isUp = false
    this.life += 1
    this.#volatile = []
  }

  /** The log brings back the state; what it does not answer is asked for and said again. */
  restart(): void {
    this.isUp = true
    this.#said = []
    this.state = this.#createCore()
    const logged = this.#durable
    const open: Exclude<Effect, { type: 'decide' }>[] = []
    for (const input of logged)
      for (const effect of step(this.state, input, this.#options.rules ?? tendermintRules))
        if (effect.type === 'decide') {
          this.#decide(effect.commit)
          return
        } else open.push(effect)
    const unanswered = open.filter((effect) => !logged.some((input) => answers(input, effect)))
    const queue: Input[] = []
    for (const effect of unanswered) this.#carryOut(effect, queue)
    for (const input of logged) if (isOwn(input, this.self)) this.#said.push(input)
    for (const input of queue) this.input(input)
    this.start()
  }

  #carryOut(effect: Exclude<Effect, { type: 'decide' }>, queue: Input[]): void {
    const { world } = this.#options
    if (effect.type === 'schedule') world.schedule(this, effect.timer)
    else if (effect.type === 'requestValue')
      queue.push({
        type: 'value',
        round: effect.round,
        id: world.makeBlock(this, effect.round),
      })
    else if (effect.type === 'evidence') world.accused(effect.evidence)
    else {
      const said = sign(effect)
      queue.push(said.type === 'proposal' ? { ...said, valid: true } : said)
      this.#said.push(said)
      if (this.#options.syncsLog ?? true) this.#flush()
      world.say(this, said)
    }
  }

  #flush(): void {
    this.#durable.push(...this.#volatile)
    this.#volatile = []
  }

  #decide(commit: Commit): void {
    this.commits.push(commit)
    this.#durable = []
    this.#volatile = []
    this.#said = []
    this.state = this.#createCore()
    this.#options.world.decided(this, commit)
    this.start()
    const { logsFuture = true } = this.#options
    for (const said of this.#future.take(this.height)) this.hear(said, logsFuture)
  }

  #createCore(): CoreState {
    const { self, validators } = this.#options
    const { height } = this
    const members = validators.validators
    const proposerOf = (round: number): Hex =>
      members[(height + round) % members.length]?.address ?? self
    return createCore({ height, validators, self, proposerOf })
  }
}

function sign(
  effect: Extract<Effect, { type: 'vote' | 'propose' }>,
): Exclude<Said, { type: 'commit' }> {
  return effect.type === 'vote'
    ? { type: 'vote', vote: { ...effect.ballot, signature: '0x' } }
    : {
        type: 'proposal',
        proposal: { ...effect.body, proofOfLock: effect.proofOfLock, signature: '0x' },
      }
}

function roundOf(said: Said): number {
  return contentOf(said).round
}

function contentOf(said: Said): Vote | Proposal | Commit {
  if (said.type === 'vote') return said.vote
  return said.type === 'proposal' ? said.proposal : said.commit
}

function isOwn(input: Input, self: Hex): input is Input & Exclude<Said, { type: 'commit' }> {
  if (input.type === 'vote') return input.vote.validator === self
  return input.type === 'proposal' && input.proposal.proposer === self
}

function answers(input: Input, effect: Exclude<Effect, { type: 'decide' }>): boolean {
  if (effect.type === 'vote')
    return (
      input.type === 'vote' &&
      input.vote.validator === effect.ballot.validator &&
      input.vote.kind === effect.ballot.kind &&
      input.vote.round === effect.ballot.round
    )
  if (effect.type === 'propose')
    return (
      input.type === 'proposal' &&
      input.proposal.proposer === effect.body.proposer &&
      input.proposal.round === effect.body.round
    )
  return effect.type === 'requestValue' && input.type === 'value' && input.round === effect.round
}
