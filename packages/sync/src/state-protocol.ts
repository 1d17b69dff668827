import { type FetchParts, partsPerRequest } from '@quoin/execution'
import { decodeRlp, encodeRlp, toList } from '@quoin/headers'
import { CodedError, type Logger } from '@quoin/kernel'
import type { Network, PeerId, Protocol } from '@quoin/network'
import { syncError } from './errors.ts'

type ReadParts = (hashes: Uint8Array[]) => Promise<(Uint8Array | null)[]>

/**
 * Pieces of a state by their hashes: a request is an RLP list of at most 256 hashes, each chunk of the answer
 * a byte that says whether the part is there, and the part.
 */
export interface StateProtocol {
  serve(read: ReadParts): () => void
  /** Asks one connected peer after the other; who gives nothing of use is asked less. */
  createFetch(logger: Logger): FetchParts
}

/** A contract's code is the largest part (EIP-170), with room for larger limits of private chains. */
const maxPartBytes = 256 * 1024
const timeoutMs = 15_000
const present = Uint8Array.of(1)
const absent = Uint8Array.of(0)

export function openStateProtocol(network: Network): StateProtocol {
  const protocol = network.protocol('state', {
    maxRequestBytes: 33 * partsPerRequest + 8,
    maxChunkBytes: maxPartBytes + 1,
    maxResponseBytes: 16 * 1024 * 1024,
    maxConcurrent: 8,
  })
  return {
    serve: (read) =>
      protocol.serve(async function* (request, { peer, signal }) {
        const hashes = parseHashes(request)
        if (!hashes) return network.report(peer, 'invalid')
        for (const part of await read(hashes)) {
          signal.throwIfAborted()
          yield part ? Buffer.concat([present, part]) : absent
        }
      }),
    createFetch: (logger) => createFetch(network, protocol, logger),
  }
}

function createFetch(network: Network, protocol: Protocol, logger: Logger): FetchParts {
  const failures = new Map<PeerId, number>()
  let turn = 0
  const pickPeer = () => {
    const peers = network.peers().map(({ id }) => id)
    const least = Math.min(...peers.map((peer) => failures.get(peer) ?? 0))
    const best = peers.filter((peer) => (failures.get(peer) ?? 0) <= least + 2)
    return best[turn++ % best.length]
  }
  return async (hashes, { signal }) => {
    const peer = pickPeer()
    if (!peer) throw syncError('NO_PEERS', 'No peer is connected that could give its state')
    const parts: (Uint8Array | null)[] = []
    try {
      for await (const chunk of protocol.request(peer, encodeRlp(hashes), { signal, timeoutMs }))
        if (parts.length < hashes.length)
          parts.push(chunk[0] === 1 ? Uint8Array.from(chunk.subarray(1)) : null)
    } catch (error) {
      signal.throwIfAborted()
      logger.debug({ peer, err: error }, 'a peer does not give its state')
    }
    if (parts.filter((part) => part !== null).length < hashes.length)
      failures.set(peer, (failures.get(peer) ?? 0) + 1)
    return hashes.map((_, index) => parts[index] ?? null)
  }
}

function parseHashes(request: Uint8Array): Uint8Array[] | null {
  try {
    const hashes = toList(decodeRlp(request), 'state request')
    if (hashes.length > partsPerRequest) return null
    const good = hashes
      .filter((hash) => hash instanceof Uint8Array)
      .filter((hash) => hash.length === 32)
    return good.length === hashes.length ? good : null
  } catch (error) {
    if (error instanceof CodedError) return null
    throw error
  }
}
