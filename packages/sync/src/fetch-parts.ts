import { setTimeout as delay } from 'node:timers/promises'
import type { FetchParts } from '@quoin/execution'
import { CodedError, type Logger } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Network, PeerId } from '@quoin/network'
import { askInTurn } from './ask-in-turn.ts'
import { Pace } from './pace.ts'
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
export interface FetchPartsOptions {
  network: Pick<Network, 'peers' | 'onPeer' | 'report'>
  ask: AskPeer
  /** A peer that takes longer is overtaken by another. */
  patienceMs: number
  logger: Logger
}

/**
 * Asks peers until each part is there or every one of them said that it has not got it: first who answers
 * fastest for what waits there already, so that a slow one holds up little. Who lies or stalls is reported.
 */
export function createFetchParts(options: FetchPartsOptions): FetchParts {
  const { network, patienceMs } = options
  const pace = new Pace()
  return async (hashes, { signal }) => {
    const found: (Uint8Array | null)[] = hashes.map(() => null)
    const isDone = () => !found.includes(null)
    const without = new Set<PeerId>()
    for (let round = 0; round < rounds; round++) {
      const tried = new Set<PeerId>()
      const peers = await somePeers(network, signal)
      const next = () => {
        const peer = pace.best(peers, tried, without)
        if (peer !== undefined) tried.add(peer)
        return peer
      }
      const ask = async (peer: PeerId, signal: AbortSignal) => {
        const asking = { ...options, peer, found, hashes, signal }
        const { isComplete } = await pace.timed(peer, () => askFor(asking))
        if (isComplete) without.add(peer)
      }
      await askInTurn({ next, ask, isDone, patienceMs, signal })
      if (isDone() || network.peers().every(({ id }) => without.has(id))) return found
      await delay(pauseMs * (round + 1), undefined, { signal })
    }
    return found
  }
}

interface Asking extends FetchPartsOptions {
  peer: PeerId
  found: (Uint8Array | null)[]
  hashes: readonly Uint8Array[]
  signal: AbortSignal
}

/** Fills in what the peer has of what is missing. `isComplete` when it spoke of each part. */
async function askFor(asking: Asking): Promise<{ gained: number; isComplete: boolean }> {
  const { peer, network, ask, logger, found, hashes, signal } = asking
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
      logger.debug({ peer }, 'a peer answers with other bytes than were asked for')
      network.report(peer, 'invalid')
      return { gained, isComplete: true }
    }
    if (found[index] === null) gained += 1
    found[index] = part
  }
  if (failure) logger.debug({ peer, err: failure }, 'a peer does not give its state')
  if (parts.length === 0 && !isRefusal(failure)) network.report(peer, 'useless')
  return { gained, isComplete: parts.length >= wanted.length }
}

/** An honest peer may be busy. */
function isRefusal(failure: unknown): boolean {
  return failure instanceof CodedError && failure.code === 'REQUEST_REFUSED'
}
