import type { Logger } from '@quoin/kernel'
import type { DecidedBlock } from '../codec/decided.ts'
import { type Clock, sleepUntil } from './clock.ts'
import { maxBlocksPerRequest, type PeerId, type Transport } from './transport.ts'

const answerWithinMs = 10_000
/** A peer that did not keep its word is not asked again for this long, and each time twice as long. */
const firstDistrustMs = 5000
const longestDistrustMs = 300_000
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
  readonly #claims = new Map<PeerId, number>()
  readonly #failures = new Map<PeerId, { count: number; untilMs: number }>()
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
    return Math.max(0, ...this.#claims.values())
  }

  /** A peer says that it is deciding `height`. */
  hear(peer: PeerId, height: number): void {
    const { clock, signal } = this.#context
    this.#claims.set(peer, height)
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
    this.#distrust(peer)
    this.restart()
  }

  /** Begins anew where we are: what is under way does not follow on that. */
  restart(): void {
    this.#attempt += 1
    this.#cursor = this.#context.height()
    this.#ask()
  }

  forget(peer: PeerId): void {
    this.#claims.delete(peer)
    this.#failures.delete(peer)
  }

  #distrust(peer: PeerId): void {
    const count = (this.#failures.get(peer)?.count ?? 0) + 1
    const forMs = Math.min(firstDistrustMs * 2 ** (count - 1), longestDistrustMs)
    this.#claims.delete(peer)
    this.#failures.set(peer, { count, untilMs: this.#context.clock.now() + forMs })
  }

  #ask(): void {
    const height = this.#context.height()
    this.#cursor = Math.max(this.#cursor, height)
    const peer = this.#choose()
    if (this.#isAsking || peer === null || this.#cursor >= height + readAhead) return
    const target = this.#claims.get(peer) ?? 0
    const range = {
      from: this.#cursor,
      count: Math.min(target - this.#cursor, maxBlocksPerRequest),
    }
    this.#isAsking = true
    void this.#request(peer, range).then(() => {
      this.#isAsking = false
      if (!this.#context.signal.aborted) this.#ask()
    })
  }

  /**
   * Of those that claim more than we have asked for, who failed us least, then who claims the most: liars
   * come last, however much they promise.
   */
  #choose(): PeerId | null {
    const { clock, transport } = this.#context
    const nowMs = clock.now()
    let best: { peer: PeerId; height: number; failed: number } | null = null
    for (const peer of transport.peers()) {
      const height = this.#claims.get(peer) ?? 0
      const { count: failed, untilMs } = this.#failures.get(peer) ?? { count: 0, untilMs: 0 }
      if (height <= this.#cursor || untilMs > nowMs) continue
      if (best && (failed > best.failed || (failed === best.failed && height <= best.height)))
        continue
      best = { peer, height, failed }
    }
    return best?.peer ?? null
  }

  async #request(peer: PeerId, range: { from: number; count: number }): Promise<void> {
    const { transport, clock, logger, deliver } = this.#context
    const attempt = this.#attempt
    const abort = new AbortController()
    const timer = clock.after(answerWithinMs, () => abort.abort(new Error('no answer in time')))
    const signal = AbortSignal.any([abort.signal, this.#context.signal])
    try {
      const blocks = await withSignal(transport.requestBlocks(peer, range, { signal }), signal)
      const fits = blocks.every(({ block }, index) => block.header.height === range.from + index)
      if (!fits || blocks.length > range.count) {
        transport.report(peer, 'invalid')
        this.#distrust(peer)
      } else if (blocks.length === 0) {
        transport.report(peer, 'useless')
        this.#distrust(peer)
      } else if (attempt === this.#attempt) {
        this.#cursor = range.from + blocks.length
        deliver(peer, blocks)
      }
    } catch (error) {
      if (this.#context.signal.aborted) return
      logger.debug({ peer, from: range.from, err: error }, 'a peer did not give its blocks')
      this.#distrust(peer)
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
