import type { PeerId } from '@quoin/network'

/** For a peer that was not asked yet, and added for an answer without use. */
const guessedMs = 100
const fruitlessMs = 15_000

/** How long peers take, and what waits for them: who is asked first. */
export class Pace {
  readonly #peers = new Map<PeerId, { ms: number; underway: number }>()

  /** Who would answer soonest, of those that are in none of the sets. */
  best(peers: readonly PeerId[], ...without: ReadonlySet<PeerId>[]): PeerId | undefined {
    const cost = (peer: PeerId) => {
      const { ms, underway } = this.#of(peer)
      return ms * (underway + 1)
    }
    return peers
      .filter((peer) => !without.some((set) => set.has(peer)))
      .reduce<PeerId | undefined>(
        (best, peer) => (best !== undefined && cost(best) <= cost(peer) ? best : peer),
        undefined,
      )
  }

  async timed<T extends { gained: number }>(peer: PeerId, run: () => Promise<T>): Promise<T> {
    const record = this.#of(peer)
    const from = performance.now()
    record.underway += 1
    let gained = 0
    try {
      const result = await run()
      gained = result.gained
      return result
    } finally {
      record.underway -= 1
      const ms = performance.now() - from + (gained > 0 ? 0 : fruitlessMs)
      record.ms = 0.7 * record.ms + 0.3 * ms
    }
  }

  #of(peer: PeerId) {
    const record = this.#peers.get(peer) ?? { ms: guessedMs, underway: 0 }
    this.#peers.set(peer, record)
    return record
  }
}
