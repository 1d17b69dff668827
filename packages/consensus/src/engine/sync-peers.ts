import { maxBlocksPerRequest, type PeerId } from './transport.ts'

/** A peer that did not keep its word is not asked again for this long, and each time twice as long. */
const firstDistrustMs = 5000
const longestDistrustMs = 300_000
/** What a peer is taken to need for a block before it was asked: better than a failure, worse than any good peer. */
const unknownPaceMs = 50
/** What a failure counts as, at least. */
const failurePaceMs = 500
/** A whole answer of few blocks is mostly round trip. */
const fewBlocks = 16
/** Peers that left and come back are known again: else whoever fails had only to connect anew. */
const mostRecords = 1024

interface PeerRecord {
  /** Milliseconds for a block, in its last answer. */
  paceMs: number
  failures: number
  distrustedUntilMs: number
  /** Blocks to ask for at once: fewer after an answer that did not come in time, as the link may be slow. */
  batch: number
}

/** Who says that it has blocks, and how well each kept its word before. */
export class SyncPeers {
  readonly #claims = new Map<PeerId, number>()
  readonly #records = new Map<PeerId, PeerRecord>()

  /** The highest height that a peer says it decides. */
  get target(): number {
    return Math.max(0, ...this.#claims.values())
  }

  claimOf(peer: PeerId): number {
    return this.#claims.get(peer) ?? 0
  }

  batchOf(peer: PeerId): number {
    return this.#recordOf(peer).batch
  }

  /** A peer says that it is deciding `height`. */
  claims(peer: PeerId, height: number): void {
    this.#claims.set(peer, height)
  }

  left(peer: PeerId): void {
    this.#claims.delete(peer)
  }

  /** It gave the blocks that it was asked for, or the first of them. */
  served(peer: PeerId, { asked, given, tookMs }: { asked: number; given: number; tookMs: number }) {
    const { batch } = this.#recordOf(peer)
    this.#keep(peer, {
      paceMs: tookMs / (given < asked ? given : Math.max(given, fewBlocks)),
      failures: 0,
      distrustedUntilMs: 0,
      batch: Math.min(2 * batch, maxBlocksPerRequest),
    })
  }

  failed(peer: PeerId, nowMs: number): void {
    const { paceMs, failures, batch } = this.#recordOf(peer)
    const distrustMs = Math.min(firstDistrustMs * 2 ** failures, longestDistrustMs)
    this.#claims.delete(peer)
    this.#keep(peer, {
      paceMs: 2 * Math.max(paceMs, failurePaceMs),
      failures: failures + 1,
      distrustedUntilMs: nowMs + distrustMs,
      batch: Math.max(1, Math.floor(batch / 4)),
    })
  }

  /**
   * Of those that claim more than `height`, who was the quickest, then who claims the most: however much a
   * liar promises, it costs one answer, and an endless supply of new names gains nothing against one that serves.
   */
  best(peers: readonly PeerId[], height: number, nowMs: number): PeerId | null {
    let best: { peer: PeerId; paceMs: number; claim: number } | null = null
    for (const peer of peers) {
      const claim = this.claimOf(peer)
      const { paceMs, distrustedUntilMs } = this.#recordOf(peer)
      if (claim <= height || distrustedUntilMs > nowMs) continue
      if (best && (paceMs > best.paceMs || (paceMs === best.paceMs && claim <= best.claim)))
        continue
      best = { peer, paceMs, claim }
    }
    return best?.peer ?? null
  }

  #recordOf(peer: PeerId): PeerRecord {
    const known = this.#records.get(peer)
    const batch = maxBlocksPerRequest
    return known ?? { paceMs: unknownPaceMs, failures: 0, distrustedUntilMs: 0, batch }
  }

  #keep(peer: PeerId, record: PeerRecord): void {
    this.#records.delete(peer)
    this.#records.set(peer, record)
    const [oldest] = this.#records.keys()
    if (this.#records.size > mostRecords && oldest !== undefined) this.#records.delete(oldest)
  }
}
