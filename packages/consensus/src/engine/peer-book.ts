import type { Status } from '../codec/status.ts'
import type { Clock } from './clock.ts'
import type { PeerId } from './transport.ts'

/** What a peer may make us send, at most once in so many milliseconds. */
const budgetsMs = { votes: 80, block: 400, status: 80, fork: 10_000 }

type Budget = keyof typeof budgetsMs

interface Entry {
  status: Status | null
  spentMs: Partial<Record<Budget, number>>
}

/** What is known of each connected peer, and what it has cost us lately. */
export class PeerBook {
  readonly #clock: Clock
  readonly #entries = new Map<PeerId, Entry>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(peer: PeerId, status: Status): void {
    this.#entry(peer).status = status
  }

  /** Takes from a peer's budget; false when it has none now. */
  spend(peer: PeerId, budget: Budget): boolean {
    const { spentMs } = this.#entry(peer)
    const nowMs = this.#clock.now()
    const lastMs = spentMs[budget]
    if (lastMs !== undefined && nowMs - lastMs < budgetsMs[budget] && nowMs >= lastMs) return false
    spentMs[budget] = nowMs
    return true
  }

  /** Who asked to be sent a block of this height when it is decided. */
  followers(height: number): PeerId[] {
    return [...this.#entries].flatMap(([peer, { status }]) =>
      status?.follows && status.height <= height ? [peer] : [],
    )
  }

  forget(peer: PeerId): void {
    this.#entries.delete(peer)
  }

  #entry(peer: PeerId): Entry {
    const known = this.#entries.get(peer)
    if (known) return known
    const fresh: Entry = { status: null, spentMs: {} }
    this.#entries.set(peer, fresh)
    return fresh
  }
}
