import { CodedError, type Hex, type Logger, Scope } from '@quoin/kernel'
import { decodePowBlock, encodePowBlock, type PowBlock } from '../block.ts'
import { checkHeader } from '../check-block.ts'
import type { Clock } from '../clock.ts'
import { difficultyToTarget } from '../difficulty/work.ts'
import type { Taken } from '../engine/intake.ts'
import type { RefusedFork } from '../engine/interface.ts'
import type { PowErrorCode } from '../errors.ts'
import type { SealedHeader } from '../header.ts'
import type { PowRules } from '../rules.ts'
import { type PeerId, type PowTransport, powLimits, type Verdict } from '../transport.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import { answer } from './answer.ts'
import { fetchChain } from './fetch-chain.ts'
import { encodeQuestion, type Question } from './questions.ts'
import { WaitingBlocks } from './waiting-blocks.ts'

export interface PeersOptions {
  rules: PowRules
  tree: BlockTree
  transport: PowTransport
  clock: Clock
  maxFutureMs: number
  hasWork(sealed: SealedHeader): boolean
  take(block: PowBlock): Promise<Taken>
  refuseFork(fork: RefusedFork): void
  logger: Logger
}

const requestTimeoutMs = 10_000
/** Blocks whose time has not come; each costs real work. */
const mostEarly = 64

/** The engine's dealings with other nodes: what they announce, what they ask, what we ask of them. */
export class Peers implements AsyncDisposable {
  readonly #options: PeersOptions
  readonly #scope = new Scope()
  readonly #orphans = new WaitingBlocks()
  readonly #early = new Set<Hex>()
  /** Peers to compare chains with, one after the other. */
  readonly #due = new Set<PeerId>()
  readonly #timers = new Set<Disposable>()
  #running: Promise<void> | null = null
  #turn = 0

  constructor(options: PeersOptions) {
    this.#options = options
  }

  get isSyncing(): boolean {
    return this.#running !== null
  }

  start(): void {
    const { transport, tree } = this.#options
    this.#scope.defer(transport.onAnnounce((bytes, from) => this.#hear(bytes, from)))
    this.#scope.defer(transport.serve(async (question) => answer(question, tree)))
    this.#scope.defer(
      transport.onPeer((peer, isConnected) => {
        if (isConnected) this.#compare(peer)
        else this.#orphans.forgetPeer(peer)
      }),
    )
    for (const peer of transport.peers()) this.#compare(peer)
    this.#poll()
  }

  /** What gossip lost is found by asking around, one peer at a time. */
  #poll(): void {
    const { rules, transport } = this.#options
    const everyMs = Math.min(Math.max(5 * rules.targetBlockMs, 2000), 60_000)
    this.#after(everyMs, () => {
      const peers = transport.peers()
      const peer = peers[this.#turn++ % Math.max(1, peers.length)]
      if (peer !== undefined) this.#compare(peer)
      this.#poll()
    })
  }

  #after(delayMs: number, callback: () => void): void {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer)
      if (!this.#scope.signal.aborted) callback()
    })
    this.#timers.add(timer)
  }

  #hear(bytes: Uint8Array, from: PeerId): Verdict {
    const { tree, rules, transport } = this.#options
    try {
      if (bytes.length > powLimits.announcement)
        throw new CodedError<PowErrorCode>('INVALID_MESSAGE', 'An announcement is too large')
      const block = decodePowBlock(bytes)
      if (tree.link(block.id)) return 'ignore'
      this.#checkWork(block)
      const parent = tree.link(block.header.parentId)
      if (!parent) {
        this.#orphans.add({ block, from, sizeBytes: bytes.length })
        this.#compare(from)
        return 'ignore'
      }
      checkHeader(block, parent, rules)
      if (this.#isEarly(block)) {
        this.#hold(block, from)
        return 'ignore'
      }
      this.#pass(block, from)
      return 'accept'
    } catch {
      transport.report(from, 'invalid')
      return 'reject'
    }
  }

  /** @throws CodedError `INVALID_BLOCK` */
  #checkWork(sealed: SealedHeader): void {
    const { rules, hasWork } = this.#options
    const { chainId, target, height } = sealed.header
    const isOurs = chainId === rules.chainId
    if (!isOurs || target > difficultyToTarget(rules.minimumDifficulty) || !hasWork(sealed))
      throw new CodedError<PowErrorCode>(
        'INVALID_BLOCK',
        `Block ${height} is invalid: its work was not done`,
      )
  }

  #isEarly({ header }: SealedHeader): boolean {
    return header.timeMs > this.#options.clock.now() + this.#options.maxFutureMs
  }

  /** Until its time comes; then it is passed on as if it came then. */
  #hold(block: PowBlock, from: PeerId): void {
    const { clock, transport, maxFutureMs } = this.#options
    if (this.#early.size >= mostEarly || this.#early.has(block.id)) return
    this.#early.add(block.id)
    this.#after(block.header.timeMs - maxFutureMs - clock.now(), () => {
      this.#early.delete(block.id)
      this.#pass(block, from)
      transport.announce(encodePowBlock(block))
    })
  }

  /** To the engine, and then those that waited for it. */
  #pass(block: PowBlock, from: PeerId): void {
    this.#take(block).catch((error) => this.#blame(from, error))
  }

  async #take(block: PowBlock): Promise<Taken> {
    const taken = await this.#options.take(block)
    if (taken.outcome === 'stored')
      for (const child of this.#orphans.takeChildren(block.id)) this.#pass(child.block, child.from)
    return taken
  }

  #compare(peer: PeerId): void {
    if (this.#scope.signal.aborted) return
    this.#due.add(peer)
    this.#running ??= this.#compareAll().finally(() => {
      this.#running = null
    })
  }

  async #compareAll(): Promise<void> {
    for (const peer of this.#due) {
      this.#due.delete(peer)
      if (this.#scope.signal.aborted) return
      try {
        await this.#fetchFrom(peer)
      } catch (error) {
        this.#blame(peer, error)
      }
    }
  }

  async #fetchFrom(peer: PeerId): Promise<void> {
    const { rules, tree, refuseFork, logger } = this.#options
    const taken = await fetchChain({
      rules,
      tree,
      ask: (question) => this.#ask(peer, question),
      checkWork: (sealed) => {
        this.#checkWork(sealed)
        if (this.#isEarly(sealed))
          throw new CodedError<PowErrorCode>('PEER_FAILED', 'Its chain is ahead of our clock')
      },
      take: (block) => this.#take(block),
      refuseFork,
      signal: this.#scope.signal,
    })
    if (taken > 0) logger.info({ blocks: taken, height: tree.head.height }, 'fetched blocks')
  }

  async #ask(peer: PeerId, question: Question): Promise<Uint8Array> {
    const { transport, clock } = this.#options
    const late = new AbortController()
    using _timer = clock.after(requestTimeoutMs, () => late.abort(new Error('No answer in time')))
    const signal = AbortSignal.any([this.#scope.signal, late.signal])
    const bytes = await transport.request(peer, encodeQuestion(question), { signal })
    if (bytes.length <= powLimits.answer) return bytes
    throw new CodedError<PowErrorCode>('INVALID_MESSAGE', 'An answer is too large')
  }

  #blame(peer: PeerId, error: unknown): void {
    const { transport, logger } = this.#options
    if (this.#scope.signal.aborted) return
    const code = error instanceof CodedError ? error.code : ''
    const isBad = ['INVALID_BLOCK', 'INVALID_ENCODING', 'INVALID_MESSAGE'].includes(code)
    logger.debug({ peer, err: error }, 'a peer did not help')
    transport.report(peer, isBad ? 'invalid' : 'useless')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]()
    for (const timer of this.#timers) timer[Symbol.dispose]()
    await this.#running
  }
}
