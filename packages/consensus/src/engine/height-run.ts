import { isQuorum, pickProposer } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { ConsensusBlock } from '../block.ts'
import { encodeRecord, type LogRecord, type Message } from '../codec/messages.ts'
import { isNews } from '../core/is-news.ts'
import type { Commit, Input, Proposal } from '../core/messages.ts'
import { type CoreState, createCore } from '../core/state.ts'
import { step } from '../core/step.ts'
import type { Parent } from './chain-rules.ts'
import { HeightBlocks } from './height-blocks.ts'
import { OpenRequests, type Request } from './open-requests.ts'
import type { RunContext } from './run-context.ts'
import { Speaker } from './speaker.ts'

/**
 * One height: the pure core with its log, its signatures and the blocks that it talks about. Inputs
 * go in one at a time; each is logged before it takes effect, and the log is on the disk before
 * anything that follows from it leaves.
 */
export class HeightRun {
  readonly state: CoreState
  readonly parent: Parent
  readonly #context: RunContext
  readonly #blocks: HeightBlocks
  readonly #speaker: Speaker
  #isLogged = false

  constructor(parent: Parent, context: RunContext) {
    const { rules, signer } = context
    const height = parent.height + 1
    const validators = rules.validatorsAt(height)
    const self = signer && validators.powerOf(signer.address) > 0n ? signer.address : null
    const proposerOf = (round: number) => pickProposer(validators, parent.randao, height, round)
    this.state = createCore({ height, validators, self, proposerOf })
    this.parent = parent
    this.#context = context
    this.#blocks = new HeightBlocks(parent, context, (block) => this.#log({ type: 'block', block }))
    this.#speaker = new Speaker(context, this.#blocks, this.decidesAlone())
  }

  /** Feeds one input and all that the node says to itself because of it; the commit, when it decides. */
  async apply(input: Input): Promise<Commit | null> {
    const queue = [input]
    const outgoing: Message[] = []
    let commit: Commit | null = null
    for (let next = queue.shift(); next; next = queue.shift()) {
      this.#log(next)
      for (const effect of step(this.state, next, this.#context.coreRules))
        if (effect.type === 'decide') commit = effect.commit
        else await this.#carryOut(effect, queue, outgoing)
    }
    await this.#speaker.send(outgoing)
    return commit
  }

  /** The block that `requestValue` asked for. */
  async provide(round: number, block: ConsensusBlock): Promise<Commit | null> {
    return this.apply({ type: 'value', round, id: this.#blocks.addOwn(block) })
  }

  /**
   * A proposal whose signatures are good: judges its block, then lets the core have it. A second one
   * in a round is evidence at most, and not worth executing.
   */
  async propose(proposal: Proposal, block: ConsensusBlock): Promise<Commit | null> {
    const isFirst = !this.state.rounds.get(proposal.round)?.proposal
    const valid = isFirst && (await this.#blocks.isGood(proposal, block))
    return this.apply({ type: 'proposal', proposal, valid })
  }

  /**
   * A block that others decided, with a certificate that was verified.
   * @throws CodedError `INVALID_…` when it breaks the rules: more than a third of the power is dishonest, or
   * this node's software is not the others'.
   */
  async adopt(commit: Commit, block: ConsensusBlock): Promise<Commit | null> {
    this.#blocks.addCertified(commit.id, block)
    return this.apply({ type: 'commit', commit })
  }

  /** The proposal of a round with its block, to be passed on. */
  proposalOf(round: number): Message | null {
    const proposal = this.state.rounds.get(round)?.proposal
    const block = proposal && this.#blocks.get(proposal.id)
    return block ? { type: 'proposal', proposal, block } : null
  }

  /** Before votes leave in another way than by being cast: they may be our own. */
  prepareToSpeak(): Promise<void> {
    return this.#speaker.prepare()
  }

  /**
   * Takes the log of this height up again, as if the node had never stopped. What the core asked for
   * and the log does not answer is asked for again; our own messages go out again, with the same
   * signatures.
   */
  async replay(records: readonly LogRecord[]): Promise<Commit | null> {
    const open = new OpenRequests()
    const outgoing: Message[] = []
    let commit: Commit | null = null
    this.#isLogged = true
    for (const record of records) {
      if (record.type === 'block') this.#blocks.restore(record.block)
      if (record.type === 'block' || record.type === 'height') continue
      if (open.settle(record)) this.#collect(record, outgoing)
      for (const effect of step(this.state, record, this.#context.coreRules))
        if (effect.type === 'decide') commit = effect.commit
        else open.add(effect)
    }
    if (commit) return commit
    const queue: Input[] = []
    for (const request of open.left()) await this.#carryOut(request, queue, outgoing)
    await this.#speaker.send(outgoing)
    for (const input of queue) commit ??= await this.apply(input)
    return commit
  }

  /** What we voted by the sign guard, and the log does not have: it may have been lost. */
  async recall(): Promise<Commit | null> {
    const { self, height } = this.state
    let commit: Commit | null = null
    for (const { kind, round, id, validRound, signature } of this.#context.guard.signedAt(height)) {
      if (self === null || kind === 'proposal') continue
      const vote = { kind, height, round, id, validRound, validator: self, signature }
      const input = { type: 'vote', vote } as const
      if (isNews(this.state, input)) commit ??= await this.apply(input)
    }
    return commit
  }

  /** The decided block, executed. @throws CodedError `EXECUTION_FAILED` when execution disagrees. */
  async decided(id: Hex): Promise<ConsensusBlock> {
    const block = this.#blocks.get(id)
    if (!block) throw new Error(`The core decides only blocks that it was given, not ${id}`)
    await this.#blocks.execute(id)
    return block
  }

  /** Without our vote nobody would ever decide: better to stop with the reason than to wait. */
  decidesAlone(): boolean {
    const { self, validators } = this.state
    return self !== null && isQuorum(validators, validators.powerOf(self))
  }

  async #carryOut(request: Request, queue: Input[], outgoing: Message[]): Promise<void> {
    switch (request.type) {
      case 'schedule':
        return this.#context.schedule(request.timer)
      case 'requestValue':
        return this.#context.requestValue(request.round)
      case 'evidence':
        return this.#context.onEvidence(request.evidence)
      case 'vote': {
        const vote = await this.#speaker.vote(request)
        if (vote) this.#say({ type: 'vote', vote }, queue, outgoing)
        return
      }
      case 'propose': {
        const proposal = await this.#speaker.propose(request)
        if (proposal && this.#blocks.get(proposal.id))
          this.#say({ type: 'proposal', proposal, valid: true }, queue, outgoing)
      }
    }
  }

  /** Our own messages are inputs, too, before they leave. */
  #say(input: Input, queue: Input[], outgoing: Message[]): void {
    queue.push(input)
    this.#collect(input, outgoing)
  }

  #collect(input: Input, outgoing: Message[]): void {
    if (input.type === 'vote') outgoing.push(input)
    if (input.type !== 'proposal') return
    const block = this.#blocks.get(input.proposal.id)
    if (block) outgoing.push({ type: 'proposal', proposal: input.proposal, block })
  }

  #log(record: LogRecord): void {
    const { wal } = this.#context
    if (!this.#isLogged) wal.append(encodeRecord({ type: 'height', height: this.state.height }))
    this.#isLogged = true
    wal.append(encodeRecord(record))
  }
}
