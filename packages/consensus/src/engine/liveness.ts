import type { Logger } from '@quoin/kernel'
import type { Status } from '../codec/status.ts'
import type { CoreState } from '../core/state.ts'
import type { BlockStore, DecidedBlock } from '../storage/block-store.ts'
import { lackedBy, statusOf, voteMessages } from './anti-entropy.ts'
import { BlockSync } from './block-sync.ts'
import type { Clock } from './clock.ts'
import type { EngineEvent } from './engine-event.ts'
import type { HeightRun } from './height-run.ts'
import type { Pace } from './pacemaker.ts'
import { PeerBook } from './peer-book.ts'
import type { PeerId, Transport } from './transport.ts'

/** Without progress within a height we say where we stand: after so long, and ever more rarely. */
const firstQuietMs = 250
const longestQuietMs = 2000
/** After the beginning of a height, which others may not know of. */
const firstWordMs = 60
/** Between heights, in case that we missed something. */
const idleMs = 3000
/** An unsigned word of a peer makes us begin a height early no more often than this share of heartbeats. */
const hintShare = 10

export interface LivenessContext {
  store: BlockStore
  transport: Transport
  clock: Clock
  pace: Pace
  logger: Logger
  signal: AbortSignal
  push(event: EngineEvent): void
}

/**
 * Keeps a node and its peers together over a network that loses messages: statuses and their answers,
 * blocks for who is behind or follows, and our own catching up.
 */
export class Liveness {
  readonly #context: LivenessContext
  readonly #peers: PeerBook
  readonly #sync: BlockSync
  #height = 0
  #timer: Disposable | null = null
  #quietMs = firstQuietMs
  #lastSeen = ''
  /** Who sends us each block when it is decided, while we cannot decide by ourselves. */
  #upstream: PeerId | null = null
  #wasHelped = false

  constructor(context: LivenessContext) {
    this.#context = context
    this.#peers = new PeerBook(context.clock)
    this.#sync = new BlockSync({
      ...context,
      height: () => this.#height,
      deliver: (from, blocks) => context.push({ type: 'synced', blocks, from }),
    })
    context.signal.addEventListener('abort', () => this.#timer?.[Symbol.dispose](), { once: true })
  }

  /** The highest height that a peer says it decides. */
  get target(): number {
    return this.#sync.target
  }

  begin(run: HeightRun): void {
    this.#height = run.state.height
    for (const peer of this.#context.transport.peers()) this.#sayTo(peer, run)
    this.#arm(run.state.step === 'new' ? idleMs : firstQuietMs)
  }

  entered({ state }: HeightRun): void {
    this.#height = state.height
    this.#quietMs = firstQuietMs
    this.#arm(idleMs)
  }

  /** We began a height: if nothing happens at once, perhaps nobody else has. */
  started(run: HeightRun): void {
    this.#lastSeen = progressOf(run.state)
    this.#arm(firstWordMs)
  }

  greet(peer: PeerId, run: HeightRun): void {
    if (this.#peers.spend(peer, 'status')) this.#sayTo(peer, run)
  }

  disconnected(peer: PeerId): void {
    this.#peers.forget(peer)
    this.#sync.forget(peer)
    if (this.#upstream === peer) this.#upstream = null
  }

  tick(run: HeightRun): void {
    const seen = progressOf(run.state)
    const isIdle = run.state.step === 'new'
    if (seen === this.#lastSeen || isIdle) {
      this.#sayToAll(run)
      this.#quietMs = Math.min(1.5 * this.#quietMs, longestQuietMs)
    } else this.#quietMs = firstQuietMs
    this.#lastSeen = seen
    this.#arm(isIdle ? idleMs : this.#quietMs)
  }

  /** Answers a status. True when it is reason to begin the height that we wait to begin. */
  async hear(status: Status, from: PeerId, run: HeightRun): Promise<boolean> {
    const { state } = run
    this.#peers.note(from, status)
    this.#sync.hear(from, status.height)
    if (status.height > state.height) return false
    if (status.height < state.height) {
      await this.#help(status, from, run)
      return false
    }
    if (status.parentId !== run.parent.id) this.#inspectFork(from, run)
    else await this.#answer(status, from, run)
    return status.round >= 0 && state.step === 'new' && this.#heedsHint(run)
  }

  /** Those who follow us get the block at once, all but the one that we have it from. */
  decided(decided: DecidedBlock, from: PeerId | null): void {
    this.#wasHelped = from !== null
    const { transport } = this.#context
    for (const peer of this.#peers.followers(decided.block.header.height))
      if (peer !== from) transport.send(peer, { type: 'decided', decided })
  }

  /** A peer gave us blocks: it is a good one to follow. */
  tookIn(from: PeerId, run: HeightRun): void {
    this.#sync.advanced()
    if (!this.#wasHelped || this.#upstream === from) return
    const before = this.#upstream
    this.#upstream = from
    this.#sayTo(from, run)
    if (before !== null) this.#sayTo(before, run)
  }

  /** A peer sent a decided block that is not the next one: what it says of its height, no more. */
  isAhead(from: PeerId, height: number): void {
    this.#sync.hear(from, height)
  }

  /** What a peer gave as decided was not. */
  refused(peer: PeerId): void {
    this.#context.transport.report(peer, 'invalid')
    this.#sync.refused(peer)
  }

  /** Blocks that we asked for were not taken in. */
  askAgain(): void {
    this.#sync.restart()
  }

  /** A peer is behind: our status tells it how far, and the block that it lacks is on its way with it. */
  async #help(status: Status, from: PeerId, run: HeightRun): Promise<void> {
    const { store, transport } = this.#context
    this.greet(from, run)
    if (run.state.height - status.height > 2 || !this.#peers.spend(from, 'block')) return
    const decided = await store.byHeight(status.height)
    if (decided) transport.send(from, { type: 'decided', decided })
  }

  async #answer(status: Status, from: PeerId, run: HeightRun): Promise<void> {
    const { transport } = this.#context
    const { votes, proposals } = lackedBy(status, run.state)
    const messages = proposals.flatMap((round) => run.proposalOf(round) ?? [])
    if (votes.length === 0 && messages.length === 0) return
    await run.prepareToSpeak()
    if (messages.length > 0 && this.#peers.spend(from, 'block'))
      for (const message of messages) transport.send(from, message)
    if (votes.length > 0 && this.#peers.spend(from, 'votes'))
      for (const message of voteMessages(votes)) transport.send(from, message)
  }

  /** A peer decided another block than we did at the height before: its certificate shows who lied. */
  #inspectFork(peer: PeerId, { state }: HeightRun): void {
    const { transport, push, signal } = this.#context
    if (state.height < 2 || !this.#peers.spend(peer, 'fork')) return
    transport.requestBlocks(peer, { from: state.height - 1, count: 1 }, { signal }).then(
      ([block]) => block && push({ type: 'fork', block }),
      () => {},
    )
  }

  #heedsHint({ parent }: HeightRun): boolean {
    const { clock, pace } = this.#context
    const sinceMs = clock.now() - parent.timeMs
    return sinceMs >= Math.max(pace.blockTimeMs, pace.heartbeatMs / hintShare)
  }

  #sayToAll(run: HeightRun): void {
    for (const peer of this.#context.transport.peers()) this.#sayTo(peer, run)
  }

  #sayTo(peer: PeerId, { state, parent }: HeightRun): void {
    const isObserver = state.self === null || this.#wasHelped
    if (isObserver) this.#upstream ??= peer
    const follows = isObserver && this.#upstream === peer
    const status = statusOf(state, parent.id, follows)
    this.#context.transport.send(peer, { type: 'status', status })
  }

  #arm(delayMs: number): void {
    const { clock, push, signal } = this.#context
    this.#timer?.[Symbol.dispose]()
    if (!signal.aborted) this.#timer = clock.after(delayMs, () => push({ type: 'tick' }))
  }
}

/** Changes with whatever brings a height on. */
function progressOf({ height, round, step, rounds }: CoreState): string {
  const current = rounds.get(round)
  const counts = [current?.prevotes.votes.size, current?.precommits.votes.size]
  return [height, round, step, ...counts, current?.proposal?.id].join('/')
}
