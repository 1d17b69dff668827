import type { ExecutionLayer } from '@quoin/engine'
import { CodedError, type Hex, type Logger, Scope } from '@quoin/kernel'
import { encodePowBlock, type PowBlock } from '../block.ts'
import type { Clock } from '../clock.ts'
import { targetToWork } from '../difficulty/work.ts'
import { type Court, type Judgement, judgement } from '../judgement.ts'
import type { Miner } from '../miner/miner.ts'
import type { PowRules } from '../rules.ts'
import { Peers } from '../sync/peers.ts'
import type { WaitingLimits } from '../sync/waiting-blocks.ts'
import type { PowTransport } from '../transport.ts'
import type { BlockTree, HeadPath } from '../tree/block-tree.ts'
import type { Link } from '../tree/link.ts'
import { catchUpExecution } from './catch-up.ts'
import { ForkChoice } from './fork-choice.ts'
import { type Taken, takeBlock } from './intake.ts'
import type { BlockPlace, HeadChange, PowEngine, PowStatus } from './interface.ts'
import { Mailbox } from './mailbox.ts'
import { Mining } from './mining.ts'

interface MiningParts {
  /** Gets fees and reward. */
  miner: Hex
  hasher: Miner
  /** Between looks at the clock and the pool; a twentieth of the block time by default. */
  refreshMs?: number
}

export interface PowOptions {
  rules: PowRules
  tree: BlockTree
  execution: ExecutionLayer
  transport: PowTransport
  clock: Clock
  /** Null for a node that follows without mining. `hasher` is closed by its owner. */
  mining: MiningParts | null
  /** How far a block's time may be ahead of our clock before it has to wait; 5000 by default. */
  maxFutureMs?: number
  /** How many blocks without their parent are kept; 128 in 32 MiB by default. */
  waiting?: WaitingLimits
  /** What a simulation judges otherwise than nodes do. */
  judgement?: Judgement
  logger: Logger
}

type Event =
  | { type: 'follow' }
  | { type: 'build' }
  | { type: 'mined'; block: PowBlock }
  | { type: 'block'; block: PowBlock; settle(taken: Taken): void; refuse(error: unknown): void }

const mailboxCapacity = 1024

/** The proof-of-work engine over parts that the caller opened and closes. */
export function createPowEngine(options: PowOptions): PowEngine {
  return new Engine(options)
}

class Engine implements PowEngine {
  readonly #options: PowOptions & Court
  readonly #scope = new Scope()
  readonly #mailbox: Mailbox<Event>
  readonly #choice: ForkChoice
  readonly #peers: Peers
  readonly #mining: Mining | null
  readonly #headListeners = new Set<(change: HeadChange) => void>()
  readonly #failureListeners = new Set<(failure: CodedError) => void>()
  /** Peers' blocks in the queue: told when the engine stops. */
  readonly #waiting = new Set<(error: unknown) => void>()
  #deepest = 0
  #failure: CodedError | null = null

  constructor(given: PowOptions) {
    const options = { judgement, ...given }
    this.#options = options
    this.#choice = new ForkChoice(options)
    this.#mailbox = this.#scope.own(
      new Mailbox<Event>((event) => this.#handle(event), {
        onFailure: (error) => this.#fail(error),
        capacity: mailboxCapacity,
      }),
    )
    this.#peers = this.#scope.own(
      new Peers({
        ...options,
        maxFutureMs: options.maxFutureMs ?? 5000,
        take: (block) => this.#take(block),
        refuseFork: (fork) => this.#choice.refuse(fork),
      }),
    )
    this.#mining = options.mining ? this.#scope.own(this.#createMining(options.mining)) : null
  }

  get status(): PowStatus {
    const { tree, rules, judgement, transport, mining } = this.#options
    const { head } = tree
    return {
      height: head.height,
      headId: head.id,
      headTimeMs: head.timeMs,
      safeHeight: tree.safeHeight,
      finalizedHeight: tree.finalizedHeight,
      totalWork: head.totalWork,
      difficulty: targetToWork(judgement.targetAfter(head, rules)),
      peers: transport.peers().length,
      isSyncing: this.#peers.isSyncing,
      waitingBlocks: this.#peers.waitingBlocks,
      mining: mining && {
        ...mining.hasher.status,
        miner: mining.miner,
        minedBlocks: this.#mining?.mined ?? 0,
      },
      deepestReorganization: this.#deepest,
      refusedFork: this.#choice.refused,
      failure: this.#failure,
    }
  }

  async start(): Promise<void> {
    const { tree, execution, rules, logger } = this.#options
    const executed = await catchUpExecution(tree, execution, rules)
    if (executed > 0) logger.info({ blocks: executed }, 'execution caught up with the stored chain')
    await this.#choice.restore()
    this.#mailbox.push({ type: 'follow' })
    this.#peers.start()
    this.#mining?.headChanged()
  }

  onHead(listener: (change: HeadChange) => void): () => void {
    return subscribe(this.#headListeners, listener)
  }

  onFailure(listener: (failure: CodedError) => void): () => void {
    return subscribe(this.#failureListeners, listener)
  }

  blockAt(height: number): PowBlock | null {
    const link = this.#options.tree.canonicalAt(height)
    return link && this.#options.tree.block(link.id)
  }

  blockById(id: Hex): PowBlock | null {
    return this.#options.tree.block(id)
  }

  #createMining({ miner, hasher, refreshMs }: MiningParts): Mining {
    this.#scope.defer(hasher.onFailure((cause) => this.#fail(cause)))
    return new Mining({
      ...this.#options,
      miner,
      hasher,
      refreshMs: refreshMs ?? this.#options.rules.targetBlockMs / 20,
      requestBuild: () => this.#mailbox.push({ type: 'build' }),
      onBlock: (block) => this.#mailbox.push({ type: 'mined', block }),
      onFailure: (error) => this.#fail(error),
    })
  }

  /** For blocks of peers: handled in turn, refused when too many wait. */
  #take(block: PowBlock): Promise<Taken> {
    return new Promise((settle, refuse) => {
      if (this.#failure) return refuse(this.#failure)
      const isQueued = this.#mailbox.offer({
        type: 'block',
        block,
        settle: (taken) => {
          this.#waiting.delete(refuse)
          settle(taken)
        },
        refuse: (error) => {
          this.#waiting.delete(refuse)
          refuse(error)
        },
      })
      if (isQueued) this.#waiting.add(refuse)
      else refuse(new CodedError('PEER_FAILED', 'Too many blocks wait'))
    })
  }

  async #handle(event: Event): Promise<void> {
    switch (event.type) {
      case 'follow':
        return this.#follow()
      case 'build':
        return this.#mining?.build()
      case 'mined':
        return this.#takeMined(event.block)
      case 'block':
        return this.#takeForeign(event)
    }
  }

  async #takeMined(block: PowBlock): Promise<void> {
    const taken = await takeBlock(block, this.#options)
    if (taken.outcome !== 'stored') return
    this.#options.transport.announce(encodePowBlock(block))
    this.#choice.contend(taken.link)
    await this.#follow()
  }

  async #takeForeign(event: Extract<Event, { type: 'block' }>): Promise<void> {
    let taken: Taken
    try {
      taken = await takeBlock(event.block, this.#options)
    } catch (error) {
      event.refuse(error)
      if (error instanceof CodedError && error.code === 'INVALID_BLOCK') return
      throw error
    }
    if (taken.outcome === 'stored') this.#choice.contend(taken.link)
    event.settle(taken)
    if (taken.outcome === 'stored') await this.#follow()
  }

  async #follow(): Promise<void> {
    for (let path = await this.#choice.follow(); path; path = await this.#choice.follow())
      this.#moved(path)
  }

  #moved({ removed, added }: HeadPath): void {
    const { tree, logger } = this.#options
    const { head } = tree
    this.#deepest = Math.max(this.#deepest, removed.length)
    const fields = { height: head.height, id: head.id, added: added.length }
    if (removed.length === 0) logger.debug(fields, 'new head')
    else logger.info({ ...fields, removed: removed.length }, 'changed to a heavier chain')
    this.#mining?.headChanged()
    const change: HeadChange = {
      head: placeOf(head),
      removed: removed.map(placeOf),
      added: added.map(placeOf),
    }
    for (const listener of this.#headListeners) listener(change)
  }

  #fail(error: unknown): void {
    if (this.#failure || this.#scope.signal.aborted) return
    this.#failure =
      error instanceof CodedError
        ? error
        : new CodedError('ENGINE_BUG', 'Proof of work stopped on an error of its own', {
            cause: error,
          })
    this.#options.mining?.hasher.stop()
    for (const refuse of this.#waiting) refuse(this.#failure)
    this.#options.logger.error({ err: this.#failure }, 'proof of work stopped: no more blocks')
    for (const listener of this.#failureListeners) listener(this.#failure)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]()
  }
}

function placeOf({ height, id, payloadHash }: Link): BlockPlace {
  return { height, id, payloadHash }
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
