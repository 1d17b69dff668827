import type { ExecutionLayer } from '@quoin/engine'
import { accusedOf, commitToCertificate, type Recover } from '@quoin/headers'
import { CodedError, type Hex, type Logger, Scope } from '@quoin/kernel'
import type { verifyBls } from '@quoin/keys'
import type { ConsensusBlock } from '../block.ts'
import { decodeRecord, type Message } from '../codec/messages.ts'
import { createFutureMessages } from '../core/future-messages.ts'
import { isNews, isProven } from '../core/is-news.ts'
import type { Commit, Evidence, Timer } from '../core/messages.ts'
import type { Rule } from '../core/rules.ts'
import { type TimerDurations, timerDurationMs } from '../core/timers.ts'
import type { BlockStore, DecidedBlock } from '../storage/block-store.ts'
import { openEvidencePool } from '../storage/evidence-pool.ts'
import type { RecordLog } from '../storage/record-file.ts'
import type { SignGuard } from '../storage/sign-guard.ts'
import { addPresence, readPresence } from './absence.ts'
import { buildBlock } from './build-block.ts'
import { checkCertified } from './certified.ts'
import {
  type ChainRules,
  decidedToParent,
  earliestTimeMs,
  genesisParent,
  type Parent,
} from './chain-rules.ts'
import type { Clock } from './clock.ts'
import { catchUpExecution, finalizeBlock } from './execute.ts'
import { HeightRun } from './height-run.ts'
import type { ConsensusEngine, ConsensusStatus } from './interface.ts'
import { Liveness } from './liveness.ts'
import { Mailbox } from './mailbox.ts'
import { type Pace, waitForDue } from './pacemaker.ts'
import { createRecoverCache } from './recover-cache.ts'
import { readBlocks } from './serve-blocks.ts'
import type { Signer } from './signer.ts'
import { hasReasonToStart } from './start.ts'
import type { PeerId, Transport } from './transport.ts'
import {
  contentKey,
  heightOf,
  isAuthentic,
  type SignedMessage,
  senderOf,
} from './verify-message.ts'
import { Witness } from './witness.ts'

export interface BftOptions {
  rules: ChainRules
  /** Null for a node that follows without voting. */
  signer: Signer | null
  /** Who gets the fees of our blocks, where the rules leave it free. */
  feeRecipient: Hex
  execution: ExecutionLayer
  store: BlockStore
  wal: RecordLog
  guard: SignGuard
  /** Keeps evidence over restarts; without it, evidence is kept in memory. */
  evidenceLog?: RecordLog
  /** Evidence is forgotten after so many blocks; must be less than stake takes to be unbonded. */
  evidenceAgeBlocks?: number
  transport: Transport
  clock: Clock
  pace: Pace
  timers: TimerDurations
  /** Who made a signature; by default with a memory of our own. */
  recover?: Recover
  /** For simulations: the same, remembered over nodes. */
  verifyBls?: typeof verifyBls
  /** For simulations: what a wrong core would do. */
  coreRules?: readonly Rule[]
  /** How far a proposer's clock may be ahead of ours; 1 second by default. */
  maxDriftMs?: number
  logger: Logger
}

export type EngineEvent =
  | { type: 'resume' }
  | { type: 'due'; height: number }
  | { type: 'timeout'; timer: Timer }
  | { type: 'value'; height: number; round: number; block: ConsensusBlock }
  | { type: 'message'; message: Message; from: PeerId; handled?: () => void }
  | { type: 'future'; message: SignedMessage }
  | { type: 'synced'; blocks: DecidedBlock[]; from: PeerId }
  | { type: 'fork'; block: DecidedBlock }
  | { type: 'connected'; peer: PeerId }
  | { type: 'tick' }

/** Of one peer's messages; a message with a block weighs as much as 128 votes. */
const mailboxCapacity = 1024
const blockWeight = 128
/** Of one validator's messages for the next height. */
const futureWeight = 512

/** The BFT engine over parts that the caller opened and closes. */
export function createBftEngine(options: BftOptions): ConsensusEngine {
  return new BftEngine(options)
}

class BftEngine implements ConsensusEngine {
  readonly #options: BftOptions
  readonly #scope = new Scope()
  readonly #mailbox: Mailbox<EngineEvent>
  readonly #recover: Recover
  readonly #future = createFutureMessages<SignedMessage>({
    perSender: futureWeight,
    heights: 1,
    weigh: (message) => (message.type === 'vote' ? 1 : blockWeight),
    keyOf: contentKey,
    prefers: (fresh, kept) => this.#isFuller(fresh, kept),
  })
  readonly #liveness: Liveness
  readonly #witness: Witness
  readonly #decidedListeners = new Set<(decided: DecidedBlock) => void>()
  readonly #failureListeners = new Set<(failure: CodedError) => void>()
  readonly #evidenceListeners = new Set<(evidence: Evidence) => void>()
  #run: HeightRun | null = null
  /** Ends with the height: its timers, its wait and its building. */
  #heightScope = new AbortController()
  readonly #closing = new AbortController()
  #wake: () => void = () => {}
  #failure: CodedError | null = null

  constructor(options: BftOptions) {
    this.#options = options
    this.#recover = options.recover ?? createRecoverCache()
    this.#mailbox = this.#scope.own(
      new Mailbox<EngineEvent>((event) => this.#take(event), {
        onFailure: (error) => this.#fail(error),
        capacity: mailboxCapacity,
        weigh: weightOf,
      }),
    )
    const { rules, evidenceLog = null, evidenceAgeBlocks } = options
    this.#witness = new Witness({
      rules,
      recover: this.#recover,
      pool: openEvidencePool(evidenceLog, evidenceAgeBlocks),
      onEvidence: (evidence) => this.#announce(evidence),
      logger: options.logger,
    })
    this.#liveness = new Liveness({
      ...options,
      signal: this.#closing.signal,
      push: (event) => this.#mailbox.push(event),
    })
    this.#scope.defer(() => this.#closing.abort())
    this.#scope.defer(() => this.#heightScope.abort())
  }

  get status(): ConsensusStatus {
    const state = this.#run?.state
    const height = state?.height ?? this.#options.store.height + 1
    return {
      height,
      round: Math.max(0, state?.round ?? 0),
      step: this.#failure ? 'failed' : (state?.step ?? 'new'),
      failure: this.#failure,
      behind: Math.max(0, this.#liveness.target - height),
      isValidator: state ? state.self !== null : false,
    }
  }

  async start(): Promise<void> {
    const { store, rules, transport, logger } = this.#options
    const replayed = await catchUpExecution(store, rules, this.#context)
    if (replayed > 0) logger.info({ blocks: replayed }, 'execution caught up with decided blocks')
    this.#mailbox.push({ type: 'resume' })
    this.#scope.defer(transport.onMessage((message, from) => this.#accept(message, from)))
    this.#scope.defer(
      transport.onPeer((peer, isConnected) => {
        if (isConnected) this.#mailbox.push({ type: 'connected', peer })
        else this.#liveness.disconnected(peer)
      }),
    )
    this.#scope.defer(transport.serveBlocks((range) => readBlocks(store, range)))
  }

  /** A peer's next block is read when this one has been handled: each has one here, however fast it sends. */
  #accept(message: Message, from: PeerId): void | Promise<void> {
    if (!hasBlock(message)) {
      this.#mailbox.offer({ type: 'message', message, from }, from)
      return
    }
    const { promise, resolve: handled } = Promise.withResolvers<void>()
    if (this.#mailbox.offer({ type: 'message', message, from, handled }, from)) return promise
  }

  onDecided(listener: (decided: DecidedBlock) => void): () => void {
    return subscribe(this.#decidedListeners, listener)
  }

  onFailure(listener: (failure: CodedError) => void): () => void {
    return subscribe(this.#failureListeners, listener)
  }

  onEvidence(listener: (evidence: Evidence) => void): () => void {
    return subscribe(this.#evidenceListeners, listener)
  }

  evidence(): readonly Evidence[] {
    return this.#witness.evidence()
  }

  get #context() {
    const { execution, clock } = this.#options
    return { execution, clock, signal: this.#closing.signal }
  }

  /** Goes on where the node stopped: at the height in its log, when that is not decided yet. */
  async #resume(): Promise<void> {
    const { store, rules, wal, logger } = this.#options
    const last = await store.byHeight(store.height)
    await this.#witness.restore(store, wal.recovered.map(decodeRecord))
    const presence = await readPresence(store, rules)
    const run = this.#open(last ? decidedToParent(last, presence) : genesisParent(rules))
    const { height } = run.state
    if (loggedHeight(wal.recovered) === height) {
      logger.info({ height }, 'takes up an undecided height from its log')
      await this.#afterStep(await run.replay(wal.recovered))
    } else await wal.clear()
    if (this.#run === run && run.state.step === 'new') this.#waitUntilDue(run)
    this.#liveness.begin(this.#run ?? run)
  }

  #enter(parent: Parent): void {
    const run = this.#open(parent)
    this.#waitUntilDue(run)
    this.#liveness.entered(run)
  }

  #open(parent: Parent): HeightRun {
    this.#heightScope.abort()
    this.#heightScope = new AbortController()
    const run = new HeightRun(parent, {
      ...this.#options,
      recover: this.#recover,
      signal: this.#closing.signal,
      schedule: (timer) => this.#schedule(timer),
      requestValue: (round) => this.#requestValue(run, round),
      onEvidence: (evidence) => this.#witness.report(evidence),
    })
    this.#run = run
    for (const message of this.#future.take(run.state.height))
      this.#mailbox.push({ type: 'future', message })
    return run
  }

  #waitUntilDue({ parent, state }: HeightRun): void {
    const { pace, rules } = this.#options
    const { signal } = this.#heightScope
    const { promise: woken, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const times = { lastBlockMs: parent.timeMs, earliestMs: earliestTimeMs(parent, rules) }
    waitForDue(times, pace, { ...this.#options, woken, signal }).then(
      () => this.#mailbox.push({ type: 'due', height: state.height }),
      (error) => signal.aborted || this.#fail(error),
    )
  }

  async #take(event: EngineEvent): Promise<void> {
    try {
      await this.#handle(event)
    } finally {
      if (event.type === 'message') event.handled?.()
    }
  }

  async #handle(event: EngineEvent): Promise<void> {
    if (event.type === 'resume') return this.#resume()
    const run = this.#run
    if (!run) return
    switch (event.type) {
      case 'due':
        if (event.height === run.state.height) await this.#begin(run)
        return
      case 'timeout':
        return this.#afterStep(await run.apply(event))
      case 'value':
        if (event.height !== run.state.height) return
        return this.#afterStep(await run.provide(event.round, event.block))
      case 'future':
        if (isNews(run.state, event.message)) await this.#hear(run, event.message)
        return
      case 'message':
        return this.#receive(run, event.message, event.from)
      case 'synced':
        if (!(await this.#takeIn(event.blocks, event.from))) this.#liveness.askAgain()
        return
      case 'fork':
        return this.#witness.compare(event.block.certificate)
      case 'connected':
        return this.#liveness.greet(event.peer, run)
      case 'tick':
        return this.#liveness.tick(run)
    }
  }

  async #receive(run: HeightRun, message: Message, from: PeerId): Promise<void> {
    switch (message.type) {
      case 'status':
        if (await this.#liveness.hear(message.status, from, run)) this.#wake()
        return
      case 'decided':
        await this.#takeIn([message.decided], from)
        return
      default:
        return this.#receiveSigned(run, message, from)
    }
  }

  /** Cheap questions first: height, news, and only then signatures. */
  async #receiveSigned(run: HeightRun, message: SignedMessage, from: PeerId): Promise<void> {
    const { rules, transport } = this.#options
    const height = heightOf(message)
    const ahead = height - run.state.height
    if (ahead > 1) return this.#liveness.greet(from, run)
    if (ahead > 0 && !this.#future.wants(height, senderOf(message), message)) return
    const past = this.#witness.stateAt(height)
    if (ahead < 0 && (!past || !isNews(past, message))) return
    if (ahead === 0 && !isNews(run.state, message)) return
    const context = {
      validators: rules.validatorsAt(height),
      domain: rules.domain,
      recover: this.#recover,
    }
    if (!isAuthentic(message, context)) return transport.report(from, 'invalid')
    if (ahead < 0) return this.#witness.hear(message)
    if (ahead > 0) return this.#future.add(height, senderOf(message), message)
    await this.#hear(run, message)
  }

  /** Whether a copy of a proposal has the proof of lock that another copy lacks. */
  #isFuller(fresh: SignedMessage, kept: SignedMessage): boolean {
    if (fresh.type !== 'proposal' || kept.type !== 'proposal') return false
    const validators = this.#options.rules.validatorsAt(fresh.proposal.height)
    return isProven(fresh.proposal, validators) && !isProven(kept.proposal, validators)
  }

  /** An authentic message of this height. */
  async #hear(run: HeightRun, message: SignedMessage): Promise<void> {
    if (message.type === 'proposal') {
      const { header, lastCommit } = message.block
      if (header.parentId !== run.parent.id && lastCommit) await this.#witness.compare(lastCommit)
    }
    const commit =
      message.type === 'vote'
        ? await run.apply(message)
        : await run.propose(message.proposal, message.block)
    await this.#afterStep(commit)
    if (this.#run !== run || run.state.step !== 'new') return
    if (hasReasonToStart(run.state)) await this.#begin(run)
    else this.#wake()
  }

  async #begin(run: HeightRun): Promise<void> {
    if (run.state.step !== 'new') return
    await this.#afterStep(await run.apply({ type: 'start' }))
    if (this.#run === run) this.#liveness.started(run)
  }

  /**
   * Decided blocks of others: through the log like everything else, each before the next. False when they
   * are not what comes next here: anyone can send such, so that alone must not disturb what was asked for.
   */
  async #takeIn(blocks: readonly DecidedBlock[], from: PeerId): Promise<boolean> {
    for (const decided of blocks) {
      const run = this.#run
      if (!run || this.#closing.signal.aborted) return true
      const { height } = decided.block.header
      if (height < run.state.height) continue
      if (height > run.state.height) {
        this.#liveness.isAhead(from, height)
        return false
      }
      const commit = await this.#commitOf(decided, run)
      if (!commit) {
        this.#liveness.refused(from)
        return false
      }
      await this.#afterStep(await run.adopt(commit, decided.block), from)
    }
    if (this.#run) this.#liveness.tookIn(from, this.#run)
    return true
  }

  /** What a block that others decided was decided by; null when it was not, or follows on another block than ours. */
  async #commitOf(decided: DecidedBlock, { parent }: HeightRun): Promise<Commit | null> {
    const { rules } = this.#options
    const { header, lastCommit } = decided.block
    const commit = checkCertified(decided, { rules, recover: this.#recover })
    if (!commit || header.parentId === parent.id) return commit
    if (lastCommit) await this.#witness.compare(lastCommit)
    return null
  }

  /**
   * The order that survives a crash between any two lines: execution has run the block, the store
   * makes it final, execution takes it as head (redone at start when missing), the rules read the next
   * set from its state (likewise), the log is spent.
   */
  async #afterStep(commit: Commit | null, from: PeerId | null = null): Promise<void> {
    const run = this.#run
    if (!commit || !run) return
    const { store, rules, wal, guard, logger } = this.#options
    const block = await run.decided(commit.id)
    const decided = { id: commit.id, block, certificate: commitToCertificate(commit) }
    await store.append(decided)
    this.#liveness.decided(decided, from)
    await finalizeBlock(block, this.#context)
    await rules.advance(decided)
    await wal.clear()
    await guard.advance(commit.height + 1)
    await this.#witness.advance(run.state)
    const { height, round } = commit
    const transactions = block.payload.transactions.length
    logger.debug({ height, round, transactions, id: commit.id }, 'decided')
    const presence = addPresence(run.parent.presence, block, rules, this.#recover)
    this.#enter(decidedToParent(decided, presence))
    for (const listener of this.#decidedListeners) listener(decided)
  }

  #schedule(timer: Timer): void {
    const { clock, timers } = this.#options
    const { signal } = this.#heightScope
    const pending = clock.after(timerDurationMs(timer, timers), () => {
      signal.removeEventListener('abort', cancel)
      this.#mailbox.push({ type: 'timeout', timer })
    })
    const cancel = () => pending[Symbol.dispose]()
    signal.addEventListener('abort', cancel, { once: true })
  }

  #requestValue(run: HeightRun, round: number): void {
    const { signer, clock } = this.#options
    const { signal } = this.#heightScope
    const { parent } = run
    if (!signer) return
    const lastCommit = parent.decided && this.#witness.fullCertificate(parent.decided)
    const options = { ...this.#options, signer, parent, round, lastCommit, recover: this.#recover }
    buildBlock({ ...options, nowMs: clock.now() }).then(
      (block) => this.#mailbox.push({ type: 'value', height: run.state.height, round, block }),
      (error) => signal.aborted || this.#cannotBuild(run, error),
    )
  }

  /** Others can make the next block, if there are any. */
  #cannotBuild(run: HeightRun, error: unknown): void {
    const { logger } = this.#options
    if (run.decidesAlone()) this.#fail(error)
    else logger.error({ err: error }, 'could not make a block: leaves the round to others')
  }

  #announce(evidence: Evidence): void {
    const { validator, height } = accusedOf(evidence)
    const fields = { kind: evidence.kind, validator, height }
    this.#options.logger.warn(fields, 'a validator contradicts itself')
    for (const listener of this.#evidenceListeners) listener(evidence)
  }

  #fail(error: unknown): void {
    if (this.#failure || this.#scope.signal.aborted) return
    this.#failure =
      error instanceof CodedError
        ? error
        : new CodedError('ENGINE_BUG', 'Consensus stopped on an error of its own', { cause: error })
    this.#heightScope.abort()
    this.#closing.abort()
    this.#options.logger.error({ err: this.#failure }, 'consensus stopped: no more blocks')
    for (const listener of this.#failureListeners) listener(this.#failure)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heightScope.abort()
    this.#closing.abort()
    await this.#scope[Symbol.asyncDispose]()
  }
}

function weightOf(event: EngineEvent): number {
  return event.type === 'message' && hasBlock(event.message) ? blockWeight : 1
}

function hasBlock({ type }: Message): boolean {
  return type === 'proposal' || type === 'decided'
}

function loggedHeight([first]: readonly Uint8Array[]): number | null {
  if (!first) return null
  const record = decodeRecord(first)
  return record.type === 'height' ? record.height : null
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
