import type { ExecutionLayer } from '@quoin/engine'
import {
  ballotDigest,
  blockId,
  isQuorum,
  pickProposer,
  proposalDigest,
  type Recover,
} from '@quoin/headers'
import { CodedError, type Hex, type Logger } from '@quoin/kernel'
import type { verifyBls } from '@quoin/keys'
import type { ConsensusBlock } from '../block.ts'
import { decodeRecord, encodeRecord, type LogRecord, type Message } from '../codec/messages.ts'
import type { Commit, Effect, Evidence, Input, Proposal, Timer } from '../core/messages.ts'
import type { Rule } from '../core/rules.ts'
import { type CoreState, createCore } from '../core/state.ts'
import { step } from '../core/step.ts'
import type { RecordLog } from '../storage/record-file.ts'
import type { SignGuard, Statement } from '../storage/sign-guard.ts'
import type { ChainRules, Parent } from './chain-rules.ts'
import { checkBlock, isTimely } from './check-block.ts'
import type { Clock } from './clock.ts'
import { executeBlock } from './execute.ts'
import type { Signer } from './signer.ts'
import type { Transport } from './transport.ts'

export interface RunContext {
  rules: ChainRules
  signer: Signer | null
  wal: RecordLog
  guard: SignGuard
  transport: Transport
  clock: Clock
  execution: ExecutionLayer
  logger: Logger
  recover: Recover
  /** See `BftOptions`. */
  verifyBls?: typeof verifyBls
  coreRules?: readonly Rule[]
  maxDriftMs?: number
  /** Ends with the engine. */
  signal: AbortSignal
  schedule(timer: Timer): void
  requestValue(round: number): void
  onEvidence(evidence: Evidence): Promise<void>
}

/** What the core asks for and gets an input back, all but the decision itself. */
type Request = Exclude<Effect, { type: 'decide' }>

/**
 * One height: the pure core with its log, its signatures and the blocks that it talks about. Inputs
 * go in one at a time; each is logged before it takes effect, and the log is on the disk before
 * anything that follows from it leaves.
 */
export class HeightRun {
  readonly state: CoreState
  readonly parent: Parent
  readonly #context: RunContext
  readonly #blocks = new Map<Hex, { block: ConsensusBlock; executed: boolean }>()
  /** What block rules and execution say of a block: a property of the block alone, not of the proposal. */
  readonly #verdicts = new Map<Hex, boolean>()
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
    await this.#send(outgoing)
    return commit
  }

  /** The block that `requestValue` asked for. */
  async provide(round: number, block: ConsensusBlock): Promise<Commit | null> {
    const id = blockId(block.header)
    this.#addBlock(id, block)
    this.#verdicts.set(id, true)
    return this.apply({ type: 'value', round, id })
  }

  /**
   * A proposal whose signatures are good: judges its block, then lets the core have it. A second one
   * in a round is evidence at most, and not worth executing.
   */
  async propose(proposal: Proposal, block: ConsensusBlock): Promise<Commit | null> {
    const isFirst = !this.state.rounds.get(proposal.round)?.proposal
    const valid = isFirst && this.#fits(proposal, block) && (await this.#judge(proposal, block))
    return this.apply({ type: 'proposal', proposal, valid })
  }

  /**
   * A block that others decided, with a certificate that was verified.
   * @throws CodedError `INVALID_…` when it breaks the rules: more than a third of the power is dishonest, or
   * this node's software is not the others'.
   */
  async adopt(commit: Commit, block: ConsensusBlock): Promise<Commit | null> {
    const { rules, recover } = this.#context
    checkBlock(block, { parent: this.parent, rules, recover, nowMs: null, isCertified: true })
    this.#addBlock(commit.id, block)
    return this.apply({ type: 'commit', commit })
  }

  /** The proposal of a round with its block, to be passed on. */
  proposalOf(round: number): Message | null {
    const proposal = this.state.rounds.get(round)?.proposal
    const known = proposal && this.#blocks.get(proposal.id)
    return known ? { type: 'proposal', proposal, block: known.block } : null
  }

  /** Before votes leave in another way than by being cast: they may be our own. */
  async prepareToSpeak(): Promise<void> {
    await this.#context.wal.flush()
    await this.#context.guard.flush()
  }

  /**
   * Takes the log of this height up again, as if the node had never stopped. What the core asked for
   * and the log does not answer is asked for again; our own messages go out again, with the same
   * signatures.
   */
  async replay(records: readonly Uint8Array[]): Promise<Commit | null> {
    const open: Request[] = []
    const outgoing: Message[] = []
    let commit: Commit | null = null
    this.#isLogged = true
    for (const record of records.map(decodeRecord)) {
      if (record.type === 'block') this.#restoreBlock(record.block)
      if (record.type === 'block' || record.type === 'height') continue
      this.#settle(record, open, outgoing)
      for (const effect of step(this.state, record, this.#context.coreRules))
        if (effect.type === 'decide') commit = effect.commit
        else open.push(effect)
    }
    if (commit) return commit
    const queue: Input[] = []
    for (const effect of open) await this.#carryOut(effect, queue, outgoing)
    await this.#send(outgoing)
    for (const input of queue) commit ??= await this.apply(input)
    return commit
  }

  /** The decided block, executed. @throws CodedError `EXECUTION_FAILED` when execution disagrees. */
  async decided(id: Hex): Promise<ConsensusBlock> {
    const known = this.#blocks.get(id)
    if (!known) throw new Error(`The core decides only blocks that it was given, not ${id}`)
    await this.#ensureExecuted(known)
    return known.block
  }

  async #carryOut(effect: Request, queue: Input[], outgoing: Message[]): Promise<void> {
    switch (effect.type) {
      case 'schedule':
        return this.#context.schedule(effect.timer)
      case 'requestValue':
        return this.#context.requestValue(effect.round)
      case 'evidence':
        return this.#context.onEvidence(effect.evidence)
      case 'vote': {
        const signature = await this.#sign(
          effect.ballot,
          ballotDigest(effect.ballot, this.#context.rules.domain),
        )
        if (!signature) return
        const vote = { ...effect.ballot, signature }
        queue.push({ type: 'vote', vote })
        outgoing.push({ type: 'vote', vote })
        return
      }
      case 'propose': {
        const { body, proofOfLock } = effect
        const signature = await this.#sign(body, proposalDigest(body, this.#context.rules.domain))
        const known = this.#blocks.get(body.id)
        if (!signature || !known) return
        const proposal = { ...body, signature, proofOfLock }
        queue.push({ type: 'proposal', proposal, valid: true })
        outgoing.push({ type: 'proposal', proposal, block: known.block })
      }
    }
  }

  async #sign(statement: Statement, digest: Uint8Array): Promise<Hex | null> {
    const { signer, guard, logger } = this.#context
    if (!signer) return null
    try {
      return await guard.sign(statement, digest, () => signer.sign(digest))
    } catch (error) {
      if (!(error instanceof CodedError) || error.code !== 'CONFLICTING_SIGNATURE') throw error
      if (this.decidesAlone()) throw error
      logger.error({ err: error }, 'stays silent: it would contradict itself')
      return null
    }
  }

  /** Without our vote nobody would ever decide: better to stop with the reason than to wait. */
  decidesAlone(): boolean {
    const { self, validators } = this.state
    return self !== null && isQuorum(validators, validators.powerOf(self))
  }

  /** Log first, then guard, then the wire: a signature on the disk always has its reasons there too. */
  async #send(outgoing: readonly Message[]): Promise<void> {
    const { transport } = this.#context
    if (outgoing.length === 0 || transport.peers().length === 0) return
    await this.prepareToSpeak()
    for (const message of outgoing) transport.broadcast(message)
    for (const message of outgoing)
      if (message.type === 'proposal') {
        const known = this.#blocks.get(message.proposal.id)
        if (known) await this.#ensureExecuted(known)
      }
  }

  #log(record: LogRecord): void {
    const { wal } = this.#context
    if (!this.#isLogged) wal.append(encodeRecord({ type: 'height', height: this.state.height }))
    this.#isLogged = true
    wal.append(encodeRecord(record))
  }

  #addBlock(id: Hex, block: ConsensusBlock, executed = false): void {
    if (this.#blocks.has(id)) return
    this.#blocks.set(id, { block, executed })
    this.#log({ type: 'block', block })
  }

  #restoreBlock(block: ConsensusBlock): void {
    const id = blockId(block.header)
    this.#blocks.set(id, { block, executed: false })
    this.#verdicts.set(id, true)
  }

  /** During replay: a logged input of our own answers the effect that asked for it. */
  #settle(input: Input, open: Request[], outgoing: Message[]): void {
    const index = open.findIndex((effect) => answers(input, effect))
    if (index < 0) return
    open.splice(index, 1)
    if (input.type === 'vote') outgoing.push(input)
    if (input.type !== 'proposal') return
    const known = this.#blocks.get(input.proposal.id)
    if (known) outgoing.push({ type: 'proposal', proposal: input.proposal, block: known.block })
  }

  /**
   * What a proposal must be besides its block: a fresh one has a block of its own round, and not from our
   * future; one with a proof of lock a block from before, whose time a quorum has let pass.
   */
  #fits({ round, validRound, proposer }: Proposal, block: ConsensusBlock): boolean {
    const { clock, logger, maxDriftMs } = this.#context
    if (validRound >= 0) return block.header.round <= validRound
    if (block.header.round !== round) return false
    const aheadMs = block.header.timeMs - clock.now()
    const timely = isTimely(block, clock.now(), maxDriftMs)
    if (!timely) logger.warn({ proposer, aheadMs }, 'a block from our future: check the clocks')
    return timely
  }

  async #judge({ id, proposer }: Proposal, block: ConsensusBlock): Promise<boolean> {
    const known = this.#verdicts.get(id)
    if (known !== undefined) return known
    const { logger } = this.#context
    const reason = await reasonAgainst(async () => {
      checkBlock(block, { ...this.#context, parent: this.parent, nowMs: null })
      if (!(await executeBlock(block, this.#context)))
        throw new CodedError('INVALID_BLOCK', 'Execution finds its payload invalid')
    })
    const valid = reason === null
    if (!valid) logger.warn({ id, proposer, reason }, 'invalid block')
    this.#verdicts.set(id, valid)
    if (valid) this.#addBlock(id, block, true)
    return valid
  }

  async #ensureExecuted(known: { block: ConsensusBlock; executed: boolean }): Promise<void> {
    if (known.executed) return
    if (!(await executeBlock(known.block, this.#context)))
      throw new CodedError(
        'EXECUTION_FAILED',
        `Execution finds block ${this.state.height} invalid, which this node built or a quorum decided`,
      )
    known.executed = true
  }
}

/** Why a block is invalid, or null; other errors are ours, and pass. */
async function reasonAgainst(check: () => Promise<void>): Promise<string | null> {
  try {
    await check()
    return null
  } catch (error) {
    if (error instanceof CodedError && error.code.startsWith('INVALID_')) return error.message
    throw error
  }
}

function answers(input: Input, effect: Request): boolean {
  if (input.type === 'vote' && effect.type === 'vote') {
    const { kind, round, validator } = effect.ballot
    const { vote } = input
    return vote.kind === kind && vote.round === round && vote.validator === validator
  }
  if (input.type === 'proposal' && effect.type === 'propose')
    return (
      input.proposal.round === effect.body.round && input.proposal.proposer === effect.body.proposer
    )
  if (input.type === 'value' && effect.type === 'requestValue') return input.round === effect.round
  return input.type === 'timeout' && effect.type === 'schedule'
    ? input.timer.round === effect.timer.round && input.timer.step === effect.timer.step
    : false
}
