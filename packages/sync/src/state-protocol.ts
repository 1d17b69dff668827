import { type FetchParts, partsPerRequest } from '@quoin/execution'
import { decodeRlp, encodeRlp, toList } from '@quoin/headers'
import { CodedError, type Logger } from '@quoin/kernel'
import type { Network, Protocol } from '@quoin/network'
import { type AnswerTimes, defaultTimes } from './answer-times.ts'
import { type AskPeer, createFetchParts } from './fetch-parts.ts'

type ReadParts = (hashes: Uint8Array[]) => Promise<(Uint8Array | null)[]>

/**
 * Pieces of a state by their hashes: a request is an RLP list of at most 1024 hashes, each chunk of the answer
 * a byte that says whether the part is there, and the part. An answer may end early when it grows large.
 */
export interface StateProtocol {
  serve(read: ReadParts): () => void
  createFetch(logger: Logger): FetchParts
}

/** A contract's code is the largest part (EIP-170), with room for larger limits of private chains. */
const maxPartBytes = 256 * 1024
const maxAnswerBytes = 8 * 1024 * 1024
/** Parts of an answer that are in memory. */
const readAtOnce = 64
const present = Uint8Array.of(1)
const absent = Uint8Array.of(0)

export function openStateProtocol(
  network: Network,
  times: AnswerTimes = defaultTimes,
): StateProtocol {
  const protocol = network.protocol('state', {
    maxRequestBytes: 33 * partsPerRequest + 8,
    maxChunkBytes: maxPartBytes + 1,
    maxResponseBytes: maxAnswerBytes + readAtOnce * (maxPartBytes + 1) + partsPerRequest,
    maxConcurrent: 8,
  })
  return {
    serve: (read) =>
      protocol.serve(async function* (request, { peer, signal }) {
        const hashes = parseHashes(request)
        if (!hashes) return network.report(peer, 'invalid')
        let bytes = 0
        for (let at = 0; at < hashes.length && bytes <= maxAnswerBytes; at += readAtOnce)
          for (const part of await read(hashes.slice(at, at + readAtOnce))) {
            signal.throwIfAborted()
            yield part ? Buffer.concat([present, part]) : absent
            bytes += part?.length ?? 0
          }
      }),
    createFetch: (logger) =>
      createFetchParts({
        network,
        ask: createAsk(protocol, times),
        patienceMs: times.patienceMs,
        logger,
      }),
  }
}

function createAsk(protocol: Protocol, { timeoutMs, deadlineMs }: AnswerTimes): AskPeer {
  return async (peer, hashes, options) => {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(deadlineMs)])
    const parts: (Uint8Array | null)[] = []
    try {
      for await (const chunk of protocol.request(peer, encodeRlp(hashes), { signal, timeoutMs })) {
        parts.push(chunk[0] === 1 ? Uint8Array.from(chunk.subarray(1)) : null)
        if (parts.length === hashes.length) break
      }
      return { parts, failure: null }
    } catch (failure) {
      return { parts, failure }
    }
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
