import { CodedError, type Hex, type Logger, Scope } from '@quoin/kernel'
import { decodeHeaderOf, decodePowBlock, encodePowBlock, type PowBlock } from '../block.ts'
import type { Clock } from '../clock.ts'
import { difficultyToTarget, targetToWork } from '../difficulty/work.ts'
import type { Taken } from '../engine/intake.ts'
import type { RefusedFork } from '../engine/interface.ts'
import type { PowErrorCode } from '../errors.ts'
import type { SealedHeader } from '../header.ts'
import { type Court, checkBody, checkHeader } from '../judgement.ts'
import { type PeerId, type PowTransport, powLimits, type Verdict } from '../transport.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import type { Link } from '../tree/link.ts'
import { answer } from './answer.ts'
import { fetchChain } from './fetch-chain.ts'
import { encodeQuestion, type Question } from './questions.ts'
import { type Waiting, WaitingBlocks, type WaitingLimits } from './waiting-blocks.ts'

export interface PeersOptions extends Court {
  tree: BlockTree
  transport: PowTransport
  clock: Clock
  maxFutureMs: number
  waiting?: WaitingLimits
  take(block: PowBlock): Promise<Taken>
  refuseFork(fork: RefusedFork): void
  logger: Logger
}

const requestTimeoutMs = 10_000
/** Blocks whose time has not come; each costs real work. */
const mostEarly = 64
const mostEarlyBytes = 32 << 20
/** Those further ahead are forgotten: whoever follows them offers them again. */
const longestEarlyMs = 600_000
/** A peer is left for the next one after this long, and gets its turn again. */
const longestTurnMs = 60_000
/** Side branches are kept when they are heavier than our head less this many of its blocks. */
const keptBehind = 32n

/** The engine's dealings with other nodes: what they announce, what they ask, what we ask of them. */
export class Peers implements AsyncDisposable {
  readonly #options: PeersOptions
  readonly #scope = new Scope()
  readonly #orphans: WaitingBlocks
  readonly #early = new Set<Hex>()
  #earlyBytes = 0
  /** Peers to compare chains with, one after the other. */
  readonly #due = new Set<PeerId>()
  readonly #timers = new Set<Disposable>()
  /** Peers whose chain rewrites what is final here, and until when they are not asked for it again. */
  readonly #refused = new Map<PeerId, number>()
  #running: Promise<void> | null = null
  #turn = 0

  constructor(options: PeersOptions) {
    this.#options = options
    this.#orphans = new WaitingBlocks(options.waiting)
  }

  get isSyncing(): boolean {
    return this.#running !== null
  }

  get waitingBlocks(): number {
    return this.#orphans.size + this.#early.size
  }

  start(): void {
    const { transport, tree } = this.#options
    this.#scope.defer(transport.onAnnounce((bytes, from) => this.#hear(bytes, from)))
    this.#scope.defer(transport.serve(async (question) => answer(question, tree)))
    this.#scope.defer(
      transport.onPeer((peer, isConnected) => {
        if (isConnected) this.#compare(peer)
        else this.#forget(peer)
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
    const { tree, transport, judgement } = this.#options
    try {
      if (bytes.length > powLimits.announcement)
        throw new CodedError<PowErrorCode>('INVALID_MESSAGE', 'An announcement is too large')
      // Whatever is large must have cost work before it is read.
      const sealed = decodeHeaderOf(bytes)
      if (tree.link(sealed.id)) return 'ignore'
      this.#checkWork(sealed)
      const block = decodePowBlock(bytes)
      // Another's good header with a false body must not take the place of the real one as an orphan.
      if (!judgement.hasBody(block))
        throw new CodedError<PowErrorCode>('INVALID_BLOCK', 'A header with the body of another')
      return this.#judge({ block, from, sizeBytes: bytes.length })
    } catch {
      transport.report(from, 'invalid')
      return 'reject'
    }
  }

  /**
   * Passed on is only what is right but for its execution, so that nobody honest is blamed for another's
   * block, and only what cost about as much as ours. @throws CodedError `INVALID_BLOCK`
   */
  #judge(waiting: Waiting): Verdict {
    const { block, from } = waiting
    const { tree, judgement } = this.#options
    const parent = tree.link(block.header.parentId)
    if (!parent) {
      this.#orphans.add(waiting)
      this.#compare(from)
      return 'ignore'
    }
    checkHeader(block, parent, this.#options)
    checkBody(block, parent, this.#options)
    const isLost = judgement.isBelowFinal(parent, tree.finalizedHeight) || tree.isInvalid(parent.id)
    if (isLost || this.#isFarBehind(block, parent)) return 'ignore'
    if (this.#isEarly(block)) {
      this.#hold(waiting)
      return 'ignore'
    }
    this.#pass(block, from)
    return 'accept'
  }

  /** Blocks low on the chain are cheap. A branch of them that becomes heavy is fetched as a whole. */
  #isFarBehind(block: PowBlock, parent: Link): boolean {
    const { tree, rules, judgement } = this.#options
    const { totalWork, sealed } = tree.head
    const margin = sealed ? keptBehind * targetToWork(sealed.header.target) : 0n
    return judgement.linkOn(parent, block, rules).totalWork + margin < totalWork
  }

  /** @throws CodedError `INVALID_BLOCK` */
  #checkWork(sealed: SealedHeader): void {
    const { rules, judgement } = this.#options
    const { target, height } = sealed.header
    if (target > difficultyToTarget(rules.minimumDifficulty) || !judgement.hasWork(sealed))
      throw new CodedError<PowErrorCode>(
        'INVALID_BLOCK',
        `Block ${height} is invalid: its work was not done`,
      )
  }

  #isEarly({ header }: SealedHeader): boolean {
    return header.timeMs > this.#options.clock.now() + this.#options.maxFutureMs
  }

  /** Until its time comes; then it is judged and passed on as if it came then. */
  #hold(waiting: Waiting): void {
    const { block } = waiting
    const { clock, transport, maxFutureMs } = this.#options
    const delayMs = block.header.timeMs - maxFutureMs - clock.now()
    const isFull =
      this.#early.size >= mostEarly || this.#earlyBytes + waiting.sizeBytes > mostEarlyBytes
    if (isFull || delayMs > longestEarlyMs || this.#early.has(block.id)) return
    this.#early.add(block.id)
    this.#earlyBytes += waiting.sizeBytes
    this.#after(delayMs, () => {
      this.#early.delete(block.id)
      this.#earlyBytes -= waiting.sizeBytes
      if (this.#judgeLater(waiting) === 'accept') transport.announce(encodePowBlock(block))
    })
  }

  /** What was right when it came may stand on something wrong. */
  #judgeLater(waiting: Waiting): Verdict {
    try {
      return this.#judge(waiting)
    } catch (error) {
      this.#blame(waiting.from, error)
      return 'reject'
    }
  }

  /** To the engine, and then those that waited for it. */
  #pass(block: PowBlock, from: PeerId): void {
    this.#take(block).catch((error) => this.#blame(from, error))
  }

  async #take(block: PowBlock): Promise<Taken> {
    const taken = await this.#options.take(block)
    if (taken.outcome === 'stored')
      for (const child of this.#orphans.takeChildren(block.id)) this.#judgeLater(child)
    return taken
  }

  #forget(peer: PeerId): void {
    this.#orphans.forgetPeer(peer)
    this.#refused.delete(peer)
    this.#due.delete(peer)
  }

  #compare(peer: PeerId): void {
    const isRefused = (this.#refused.get(peer) ?? 0) > this.#options.clock.now()
    if (this.#scope.signal.aborted || isRefused) return
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
    const { rules, judgement, tree, clock, refuseFork, logger } = this.#options
    const endMs = clock.now() + longestTurnMs
    const isTimeUp = () => clock.now() > endMs && this.#due.size > 0
    const taken = await fetchChain({
      rules,
      judgement,
      tree,
      isTimeUp,
      ask: (question) => this.#ask(peer, question),
      checkWork: (sealed) => {
        this.#checkWork(sealed)
        if (this.#isEarly(sealed))
          throw new CodedError<PowErrorCode>('PEER_FAILED', 'Its chain is ahead of our clock')
      },
      take: (block) => this.#take(block),
      refuseFork: (fork) => {
        this.#refused.set(peer, clock.now() + 10 * rules.targetBlockMs)
        refuseFork(fork)
      },
      signal: this.#scope.signal,
    })
    if (isTimeUp()) this.#due.add(peer)
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
