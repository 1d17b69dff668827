import type { Offence, PeerId } from '../network.ts'

const costs: Record<Offence, number> = { invalid: 25, useless: 2 }
const banScore = -90
const halfLifeMs = 600_000
const maxRemembered = 4_096

/** Scores fall with offences and heal with time (half in ten minutes); at −90 a peer is banned for a while. */
export class Reputation {
  readonly #banMs: number
  readonly #now: () => number
  readonly #scores = new Map<PeerId, { score: number; at: number }>()
  readonly #bans = new Map<PeerId, number>()

  constructor(banMs: number, now: () => number = Date.now) {
    this.#banMs = banMs
    this.#now = now
  }

  /** Bans in force: until when, in milliseconds since the Unix epoch. */
  get bans(): ReadonlyMap<PeerId, number> {
    for (const [peer, until] of this.#bans) if (until <= this.#now()) this.#bans.delete(peer)
    return this.#bans
  }

  scoreOf(peer: PeerId): number {
    const entry = this.#scores.get(peer)
    if (entry === undefined) return 0
    return entry.score * 0.5 ** (Math.max(0, this.#now() - entry.at) / halfLifeMs)
  }

  isBanned(peer: PeerId): boolean {
    return (this.#bans.get(peer) ?? 0) > this.#now()
  }

  /** Lowers the score; whether this made it a ban. */
  report(peer: PeerId, offence: Offence): boolean {
    if (this.isBanned(peer)) return false
    const score = this.scoreOf(peer) - costs[offence]
    remember(this.#scores, peer, { score, at: this.#now() })
    if (score > banScore) return false
    this.#scores.delete(peer)
    this.ban(peer, this.#now() + this.#banMs)
    return true
  }

  /** Also takes over bans that were kept over a restart. */
  ban(peer: PeerId, until: number): void {
    if (until > this.#now()) remember(this.#bans, peer, Math.min(until, this.#now() + this.#banMs))
  }
}

function remember<T>(entries: Map<PeerId, T>, peer: PeerId, entry: T): void {
  entries.delete(peer)
  entries.set(peer, entry)
  const oldest = entries.keys().next()
  if (entries.size > maxRemembered && !oldest.done) entries.delete(oldest.value)
}
