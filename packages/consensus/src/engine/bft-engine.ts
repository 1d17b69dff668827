import type { ExecutionLayer } from '@quoin/engine'
import { accusedOf, commitToCertificate } from '@quoin/headers'
import { CodedError, type Hex, type Logger, Scope } from '@quoin/kernel'
import type { ConsensusBlock } from '../block.ts'
import { decodeRecord, type Message } from '../codec/messages.ts'
import { createFutureMessages } from '../core/future-messages.ts'
import { isNews } from '../core/is-news.ts'
import type { Commit, Evidence, Timer } from '../core/messages.ts'
import { type TimerDurations, timerDurationMs } from '../core/timers.ts'
import type { BlockStore, DecidedBlock } from '../storage/block-store.ts'
import type { RecordLog } from '../storage/record-file.ts'
import type { SignGuard } from '../storage/sign-guard.ts'
import { addPresence, readPresence } from './absence.ts'
import { buildBlock } from './build-block.ts'
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
import { Mailbox } from './mailbox.ts'
import { type Pace, waitForDue } from './pacemaker.ts'
import type { Signer } from './signer.ts'
import type { Transport } from './transport.ts'
import { heightOf, isAuthentic, type SignedMessage, senderOf } from './verify-message.ts'

export interface BftOptions {
  rules: ChainRules
  /** Null for a node that follows without voting. */
  signer: Signer | null
  /** Who gets the fees of our blocks. */
  feeRecipient: Hex
  execution: ExecutionLayer
  store: BlockStore
  wal: RecordLog
  guard: SignGuard
  transport: Transport
  clock: Clock
  pace: Pace
  timers: TimerDurations
  logger: Logger
}

type Event =
  | { type: 'resume' }
  | { type: 'due'; height: number }
  | { type: 'timeout'; timer: Timer }
  | { type: 'value'; height: number; round: number; block: ConsensusBlock }
  | { type: 'message'; message: Message }

const mailboxCapacity = 4096

/** The BFT engine over parts that the caller opened and closes. */
export function createBftEngine(options: BftOptions): ConsensusEngine {
  return new BftEngine(options)
}

class BftEngine implements ConsensusEngine {
  readonly #options: BftOptions
  readonly #scope = new Scope()
  readonly #mailbox: Mailbox<Event>
  readonly #future = createFutureMessages<SignedMessage>()
  readonly #decidedListeners = new Set<(decided: DecidedBlock) => void>()
  readonly #failureListeners = new Set<(failure: CodedError) => void>()
  readonly #evidenceListeners = new Set<(evidence: Evidence) => void>()
  #run: HeightRun | null = null
  /** Ends with the height: its timers, its wait and its building. */
  #heightScope = new AbortController()
  #failure: CodedError | null = null

  constructor(options: BftOptions) {
    this.#options = options
    this.#mailbox = this.#scope.own(
      new Mailbox<Event>((event) => this.#handle(event), {
        onFailure: (error) => this.#fail(error),
        capacity: mailboxCapacity,
      }),
    )
    this.#scope.defer(() => this.#heightScope.abort())
  }

  get status(): ConsensusStatus {
    const state = this.#run?.state
    return {
      height: state?.height ?? this.#options.store.height + 1,
      round: Math.max(0, state?.round ?? 0),
      step: this.#failure ? 'failed' : (state?.step ?? 'new'),
      failure: this.#failure,
    }
  }

  async start(): Promise<void> {
    const { store, execution, rules, transport, logger } = this.#options
    const replayed = await catchUpExecution(store, execution, rules)
    if (replayed > 0) logger.info({ blocks: replayed }, 'execution caught up with decided blocks')
    this.#mailbox.push({ type: 'resume' })
    this.#scope.defer(
      transport.onMessage((message) => this.#mailbox.offer({ type: 'message', message })),
    )
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

  /** Goes on where the node stopped: at the height in its log, when that is not decided yet. */
  async #resume(): Promise<void> {
    const { store, rules, wal, logger } = this.#options
    const last = await store.byHeight(store.height)
    const presence = await readPresence(store, rules)
    const run = this.#open(last ? decidedToParent(last, presence) : genesisParent(rules))
    const { height } = run.state
    if (loggedHeight(wal.recovered) === height) {
      logger.info({ height }, 'takes up an undecided height from its log')
      return this.#afterStep(await run.replay(wal.recovered))
    }
    await wal.clear()
    this.#waitUntilDue(run)
  }

  #enter(parent: Parent): void {
    this.#waitUntilDue(this.#open(parent))
  }

  #open(parent: Parent): HeightRun {
    this.#heightScope.abort()
    this.#heightScope = new AbortController()
    const run = new HeightRun(parent, {
      ...this.#options,
      schedule: (timer) => this.#schedule(timer),
      requestValue: (round) => this.#requestValue(run, round),
      onEvidence: (evidence) => this.#report(evidence),
    })
    this.#run = run
    for (const message of this.#future.take(run.state.height))
      this.#mailbox.push({ type: 'message', message })
    return run
  }

  #waitUntilDue({ parent, state }: HeightRun): void {
    const { pace, rules } = this.#options
    const { signal } = this.#heightScope
    const times = { lastBlockMs: parent.timeMs, earliestMs: earliestTimeMs(parent, rules) }
    waitForDue(times, pace, { ...this.#options, signal }).then(
      () => this.#mailbox.push({ type: 'due', height: state.height }),
      (error) => signal.aborted || this.#fail(error),
    )
  }

  async #handle(event: Event): Promise<void> {
    if (event.type === 'resume') return this.#resume()
    const run = this.#run
    if (!run) return
    switch (event.type) {
      case 'due':
        if (event.height === run.state.height && run.state.step === 'new')
          await this.#afterStep(await run.apply({ type: 'start' }))
        return
      case 'timeout':
        if (event.timer.height === run.state.height) await this.#afterStep(await run.apply(event))
        return
      case 'value':
        if (event.height === run.state.height)
          await this.#afterStep(await run.provide(event.round, event.block))
        return
      case 'message':
        return this.#receive(run, event.message)
    }
  }

  async #receive(run: HeightRun, message: Message): Promise<void> {
    if (message.type !== 'vote' && message.type !== 'proposal') return
    const { rules } = this.#options
    const height = heightOf(message)
    if (height < run.state.height) return
    if (!isAuthentic(message, rules.validatorsAt(height), rules.domain)) return
    if (height > run.state.height) return this.#future.add(height, senderOf(message), message)
    if (!isNews(run.state, message)) return
    if (run.state.step === 'new') await this.#afterStep(await run.apply({ type: 'start' }))
    if (this.#run !== run) return
    const commit =
      message.type === 'vote'
        ? await run.apply(message)
        : await run.propose(message.proposal, message.block)
    await this.#afterStep(commit)
  }

  /**
   * The order that survives a crash between any two lines: execution has run the block, the store
   * makes it final, execution takes it as head (redone at start when missing), the log is spent.
   */
  async #afterStep(commit: Commit | null): Promise<void> {
    const run = this.#run
    if (!commit || !run) return
    const { store, execution, rules, wal, guard, logger } = this.#options
    const block = await run.decided(commit.id)
    const decided = { id: commit.id, block, certificate: commitToCertificate(commit) }
    await store.append(decided)
    await finalizeBlock(block, execution)
    await rules.advance(decided)
    await wal.clear()
    await guard.advance(commit.height + 1)
    const { height, round } = commit
    const transactions = block.payload.transactions.length
    logger.debug({ height, round, transactions, id: commit.id }, 'decided')
    this.#enter(decidedToParent(decided, addPresence(run.parent.presence, block, rules)))
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

  #requestValue({ parent, state: { height } }: HeightRun, round: number): void {
    const { signer, clock } = this.#options
    const { signal } = this.#heightScope
    if (!signer) return
    buildBlock({ ...this.#options, signer, parent, round, nowMs: clock.now() }).then(
      (block) => this.#mailbox.push({ type: 'value', height, round, block }),
      (error) => signal.aborted || this.#fail(error),
    )
  }

  #report(evidence: Evidence): void {
    const { validator } = accusedOf(evidence)
    this.#options.logger.warn({ kind: evidence.kind, validator }, 'a validator contradicts itself')
    for (const listener of this.#evidenceListeners) listener(evidence)
  }

  #fail(error: unknown): void {
    if (this.#failure || this.#scope.signal.aborted) return
    this.#failure =
      error instanceof CodedError
        ? error
        : new CodedError('ENGINE_BUG', 'Consensus stopped on an error of its own', { cause: error })
    this.#heightScope.abort()
    this.#options.logger.error({ err: this.#failure }, 'consensus stopped: no more blocks')
    for (const listener of this.#failureListeners) listener(this.#failure)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heightScope.abort()
    await this.#scope[Symbol.asyncDispose]()
  }
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
