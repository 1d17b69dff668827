import { TokenBucket } from '../admission/token-bucket.ts'
import type { NetworkLimits } from '../limits.ts'
import type { PeerId } from '../network.ts'

/** Places for requests being served, over all protocols: in all, for one peer, and at what rate. */
export class ServingPlaces {
  readonly #limits: NetworkLimits
  readonly #peers = new Map<PeerId, { readonly bucket: TokenBucket; serving: number }>()
  #serving = 0

  constructor(limits: NetworkLimits) {
    this.#limits = limits
  }

  get serving(): number {
    return this.#serving
  }

  /** Takes a place and returns how to leave it, or nothing when there is none. */
  enter(peer: PeerId): (() => void) | undefined {
    const entry = this.#entry(peer)
    if (this.#serving >= this.#limits.maxRequests) return undefined
    if (entry.serving >= this.#limits.maxRequestsPerPeer) return undefined
    if (!entry.bucket.take(performance.now())) return undefined
    this.#serving += 1
    entry.serving += 1
    return () => {
      this.#serving -= 1
      entry.serving -= 1
    }
  }

  /** The peer has left. Requests of it that still run keep their own count. */
  forget(peer: PeerId): void {
    this.#peers.delete(peer)
  }

  #entry(peer: PeerId) {
    const known = this.#peers.get(peer)
    if (known !== undefined) return known
    const { requestBurst: burst, requestsPerSecond: perSecond } = this.#limits
    const entry = {
      bucket: new TokenBucket({ burst, perSecond, nowMs: performance.now() }),
      serving: 0,
    }
    this.#peers.set(peer, entry)
    return entry
  }
}
