import { setTimeout as delay } from 'node:timers/promises'
import type { FetchParts } from '@quoin/execution'
import { CodedError, type Logger } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Network, PeerId } from '@quoin/network'
import { somePeers } from './some-peers.ts'

/** What one peer gave: its bytes or null for each hash, in order; shorter when it broke off. */
export type AskPeer = (
  peer: PeerId,
  hashes: Uint8Array[],
  options: { signal: AbortSignal },
) => Promise<{ parts: (Uint8Array | null)[]; failure: unknown }>

/** Peers that failed or were busy are asked again so many times. */
const rounds = 4
const pauseMs = 250
/** For a peer that was not asked yet, and added for an answer without use. */
const guessedMs = 100
const fruitlessMs = 15_000

/**
 * Asks peers until each part is there or every one of them said that it has not got it: first who answers
 * fastest for what waits there already, so that a slow one holds up little. Wrong bytes are reported.
 */
export function createFetchParts(
  network: Pick<Network, 'peers' | 'onPeer' | 'report'>,
  ask: AskPeer,
  logger: Logger,
): FetchParts {
  const pace = new Pace()
  return async (hashes, { signal }) => {
    const found: (Uint8Array | null)[] = hashes.map(() => null)
    const without = new Set<PeerId>()
    for (let round = 0; round < rounds; round++) {
      const tried = new Set<PeerId>()
      const peers = await somePeers(network, signal)
      for (;;) {
        const peer = pace.best(peers, tried, without)
        if (peer === undefined) break
        tried.add(peer)
        const { failure, isComplete } = await pace.timed(peer, () =>
          askFor(found, hashes, { peer, network, ask, signal }),
        )
        signal.throwIfAborted()
        if (!found.includes(null)) return found
        if (isComplete) without.add(peer)
        if (failure) logger.debug({ peer, err: failure }, 'a peer does not give its state')
      }
      if (network.peers().every(({ id }) => without.has(id))) return found
      await delay(pauseMs * (round + 1), undefined, { signal })
    }
    return found
  }
}

interface Asking {
  peer: PeerId
  network: Pick<Network, 'report'>
  ask: AskPeer
  signal: AbortSignal
}

/** Fills in what the peer has of what is missing. `isComplete` when it spoke of each part, truly. */
async function askFor(
  found: (Uint8Array | null)[],
  hashes: readonly Uint8Array[],
  { peer, network, ask, signal }: Asking,
): Promise<{ gained: number; isComplete: boolean; failure: unknown }> {
  const wanted = hashes.flatMap((hash, index) => (found[index] === null ? [{ hash, index }] : []))
  const { parts, failure } = await ask(
    peer,
    wanted.map(({ hash }) => hash),
    { signal },
  )
  let gained = 0
  for (const [position, { hash, index }] of wanted.entries()) {
    const part = parts[position]
    if (!part) continue
    if (Buffer.compare(keccak256(part), hash) !== 0) {
      network.report(peer, 'invalid')
      const lie = new CodedError(
        'INVALID_STATE_PART',
        'It answers with other bytes than were asked for',
      )
      return { gained: 0, isComplete: true, failure: lie }
    }
    found[index] = part
    gained += 1
  }
  return { gained, isComplete: parts.length >= wanted.length, failure }
}

/** How long peers take, and what waits for them. */
class Pace {
  readonly #peers = new Map<PeerId, { ms: number; underway: number }>()

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
