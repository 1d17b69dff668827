/** What each peer may still send: a burst, then so much a second. Forgets who is back at the full burst. */
export class RateLimit {
  readonly #burst: number
  readonly #perSecond: number
  readonly #levels = new Map<string, { left: number; atMs: number }>()

  constructor({ burst, perSecond }: { burst: number; perSecond: number }) {
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** False, and nothing is taken, when the peer has not so much left. */
  take(peer: string, amount: number, nowMs: number): boolean {
    const known = this.#levels.get(peer)
    const gained = known ? ((nowMs - known.atMs) / 1000) * this.#perSecond : 0
    const left = Math.min(this.#burst, (known?.left ?? this.#burst) + gained)
    if (left < amount) return false
    this.#levels.set(peer, { left: left - amount, atMs: nowMs })
    return true
  }

  forget(peer: string): void {
    this.#levels.delete(peer)
  }
}
