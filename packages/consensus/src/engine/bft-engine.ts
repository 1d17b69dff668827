import { accusedOf } from '@quoin/headers'
import { CodedError, Scope } from '@quoin/kernel'
import type { Message } from '../codec/messages.ts'
import type { Evidence } from '../core/messages.ts'
import type { DecidedBlock } from '../storage/block-store.ts'
import { openEvidencePool } from '../storage/evidence-pool.ts'
import type { BftOptions } from './bft-options.ts'
import { type EngineEvent, hasBlock, mailboxCapacity, weightOf } from './engine-event.ts'
import { EngineThread } from './engine-thread.ts'
import { catchUpExecution } from './execute.ts'
import type { ConsensusEngine, ConsensusStatus } from './interface.ts'
import { Listeners } from './listeners.ts'
import { Liveness } from './liveness.ts'
import { Mailbox } from './mailbox.ts'
import { createRecoverCache } from './recover-cache.ts'
import { readBlocks } from './serve-blocks.ts'
import type { PeerId } from './transport.ts'
import { Witness } from './witness.ts'

/** The BFT engine over parts that the caller opened and closes. */
export function createBftEngine(options: BftOptions): ConsensusEngine {
  return new BftEngine(options)
}

/** What an engine shows to the outside, and how it ends; what it does is the thread's. */
class BftEngine implements ConsensusEngine {
  readonly #options: BftOptions
  readonly #scope = new Scope()
  readonly #mailbox: Mailbox<EngineEvent>
  readonly #thread: EngineThread
  readonly #liveness: Liveness
  readonly #witness: Witness
  readonly #decided = new Listeners<DecidedBlock>()
  readonly #failed = new Listeners<CodedError>()
  readonly #evidence = new Listeners<Evidence>()
  readonly #closing = new AbortController()
  #failure: CodedError | null = null

  constructor(options: BftOptions) {
    this.#options = options
    const { rules, logger, evidenceLog = null, evidenceAgeBlocks } = options
    const recover = options.recover ?? createRecoverCache()
    const { signal } = this.#closing
    const push = (event: EngineEvent) => this.#mailbox.push(event)
    this.#mailbox = this.#scope.own(
      new Mailbox<EngineEvent>((event) => this.#handle(event), {
        onFailure: (error) => this.#fail(error),
        capacity: mailboxCapacity,
        weigh: weightOf,
      }),
    )
    this.#witness = new Witness({
      rules,
      recover,
      pool: openEvidencePool(evidenceLog, evidenceAgeBlocks),
      onEvidence: (evidence) => this.#announce(evidence),
      logger,
    })
    this.#liveness = new Liveness({ ...options, signal, push })
    this.#thread = new EngineThread({
      options,
      recover,
      witness: this.#witness,
      liveness: this.#liveness,
      signal,
      push,
      fail: (error) => this.#fail(error),
      onDecided: (decided) => this.#decided.tell(decided),
    })
    this.#scope.defer(() => this.#stop())
  }

  get status(): ConsensusStatus {
    const state = this.#thread.run?.state
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
    const { store, rules, transport, execution, clock, logger } = this.#options
    const { signal } = this.#closing
    const replayed = await catchUpExecution(store, rules, { execution, clock, signal })
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

  onDecided(listener: (decided: DecidedBlock) => void): () => void {
    return this.#decided.add(listener)
  }

  onFailure(listener: (failure: CodedError) => void): () => void {
    return this.#failed.add(listener)
  }

  onEvidence(listener: (evidence: Evidence) => void): () => void {
    return this.#evidence.add(listener)
  }

  evidence(): readonly Evidence[] {
    return this.#witness.evidence()
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

  async #handle(event: EngineEvent): Promise<void> {
    try {
      await this.#thread.handle(event)
    } finally {
      if (event.type === 'message') event.handled?.()
    }
  }

  #announce(evidence: Evidence): void {
    const { validator, height } = accusedOf(evidence)
    const fields = { kind: evidence.kind, validator, height }
    this.#options.logger.warn(fields, 'a validator contradicts itself')
    this.#evidence.tell(evidence)
  }

  #fail(error: unknown): void {
    if (this.#failure || this.#scope.signal.aborted) return
    this.#failure =
      error instanceof CodedError
        ? error
        : new CodedError('ENGINE_BUG', 'Consensus stopped on an error of its own', { cause: error })
    this.#stop()
    this.#options.logger.error({ err: this.#failure }, 'consensus stopped: no more blocks')
    this.#failed.tell(this.#failure)
  }

  #stop(): void {
    this.#thread.stop()
    this.#closing.abort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    await this.#scope[Symbol.asyncDispose]()
  }
}
