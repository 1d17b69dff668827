import type { Logger } from '@quoin/kernel'
import type { DecidedBlock } from '../codec/decided.ts'
import { type Clock, sleepUntil } from './clock.ts'
import { SyncPeers } from './sync-peers.ts'
import { maxBlocksPerRequest, type PeerId, type Transport } from './transport.ts'

const answerWithinMs = 10_000
/** One height behind is mostly a vote on its way. */
const patienceMs = 150
/** How far ahead of what is taken in blocks are fetched. */
const readAhead = 2 * maxBlocksPerRequest

export interface SyncContext {
  transport: Transport
  clock: Clock
  logger: Logger
  signal: AbortSignal
  /** The height that we are deciding. */
  height(): number
  /** Takes a batch, in order and without gaps, for the engine's thread. */
  deliver(peer: PeerId, blocks: DecidedBlock[]): void
}

/**
 * Fetches decided blocks from peers that say they are further, at any distance: one request at a time,
 * the next batch while the one before is taken in. Believes nobody: blocks come with certificates, and
 * a claim without blocks is forgotten.
 */
export class BlockSync {
  readonly #context: SyncContext
  readonly #peers = new SyncPeers()
  /** The next height to ask for. */
  #cursor = 0
  #isAsking = false
  /** Changes when what is under way is no longer wanted. */
  #attempt = 0

  constructor(context: SyncContext) {
    this.#context = context
  }

  /** The highest height that a peer says it decides, with which we have not fallen out. */
  get target(): number {
    return this.#peers.target
  }

  /** A peer says that it is deciding `height`. */
  hear(peer: PeerId, height: number): void {
    const { clock, signal } = this.#context
    this.#peers.claims(peer, height)
    const behind = height - this.#context.height()
    if (behind > 1) this.#ask()
    if (behind !== 1) return
    sleepUntil(clock.now() + patienceMs, clock, signal).then(
      () => this.#ask(),
      () => {},
    )
  }

  /** Blocks were taken in. */
  advanced(): void {
    this.#ask()
  }

  /** What a peer sent was not what it should be. */
  refused(peer: PeerId): void {
    this.#peers.failed(peer, this.#context.clock.now())
  }

  /** A batch was not taken in: begins anew where we are, as what is under way does not follow on that. */
  restart(): void {
    this.#attempt += 1
    this.#cursor = this.#context.height()
    this.#ask()
  }

  forget(peer: PeerId): void {
    this.#peers.left(peer)
  }

  #ask(): void {
    const height = this.#context.height()
    this.#cursor = Math.max(this.#cursor, height)
    const { clock, transport } = this.#context
    const peer = this.#peers.best(transport.peers(), this.#cursor, clock.now())
    if (this.#isAsking || peer === null || this.#cursor >= height + readAhead) return
    const count = Math.min(this.#peers.claimOf(peer) - this.#cursor, this.#peers.batchOf(peer))
    const range = { from: this.#cursor, count }
    this.#isAsking = true
    void this.#request(peer, range).then(() => {
      this.#isAsking = false
      if (!this.#context.signal.aborted) this.#ask()
    })
  }

  async #request(peer: PeerId, range: { from: number; count: number }): Promise<void> {
    const { transport, clock, logger, deliver } = this.#context
    const attempt = this.#attempt
    const sinceMs = clock.now()
    const abort = new AbortController()
    const timer = clock.after(answerWithinMs, () => abort.abort(new Error('no answer in time')))
    const signal = AbortSignal.any([abort.signal, this.#context.signal])
    try {
      const blocks = await withSignal(transport.requestBlocks(peer, range, { signal }), signal)
      const fits = blocks.every(({ block }, index) => block.header.height === range.from + index)
      if (!fits || blocks.length > range.count) {
        transport.report(peer, 'invalid')
        this.refused(peer)
      } else if (blocks.length === 0) {
        transport.report(peer, 'useless')
        this.refused(peer)
      } else {
        const [asked, given] = [range.count, blocks.length]
        this.#peers.served(peer, { asked, given, tookMs: clock.now() - sinceMs })
        if (attempt !== this.#attempt) return
        this.#cursor = range.from + blocks.length
        deliver(peer, blocks)
      }
    } catch (error) {
      if (this.#context.signal.aborted) return
      logger.debug({ peer, from: range.from, err: error }, 'a peer did not give its blocks')
      this.refused(peer)
    } finally {
      timer[Symbol.dispose]()
    }
  }
}

/** Whatever the promise does, the wait for it ends with the signal. */
function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
