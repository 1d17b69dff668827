import {
  type BlockRange,
  type DecidedBlock,
  decodeDecidedBlock,
  decodeMessage,
  encodeDecidedBlock,
  encodeMessage,
  type Message,
  maxBlockBytes,
  maxBlocksPerRequest,
  maxMessageBytes,
  maxSmallMessageBytes,
  type PeerId,
  type Transport,
} from '@quoin/consensus'
import { decodeRlp, encodeRlp, numberItem, toList, toNumber } from '@quoin/headers'
import { CodedError, type Logger } from '@quoin/kernel'
import type { Channel, Network } from '@quoin/network'

type Listener = Parameters<Transport['onMessage']>[0]

/** A server ends its answer after the block that goes beyond this. */
const maxAnswerBytes = 16 * 1024 * 1024
const answerTimeoutMs = 10_000

/**
 * Consensus over a network: a stream for each class of messages, so that a vote never waits behind a
 * block, and decided blocks by request. A message is encoded once, however many peers get it.
 */
export function createBftTransport(network: Network, logger: Logger): Transport {
  const channels = openChannels(network)
  const listeners = new Set<Listener>()
  for (const [type, channel] of Object.entries(channels))
    channel.onMessage((bytes, from) => {
      const message = read(bytes, type)
      if (message === null) {
        logger.debug({ peer: from, channel: type }, 'a peer sent what is no message')
        return network.report(from, 'invalid')
      }
      const open: Promise<void>[] = []
      for (const listener of listeners) {
        const done = listener(message, from)
        if (done) open.push(done)
      }
      if (open.length > 0) return Promise.all(open).then(() => {})
    })
  return {
    peers: () => network.peers().map(({ id }) => id),
    broadcast: (message) => channels[message.type].broadcast(encodeMessage(message)),
    send: (peer, message) => channels[message.type].send(peer, encodeMessage(message)),
    onMessage(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onPeer: (listener) => network.onPeer(listener),
    ...createBlockRequests(network),
    report: (peer, offence) => network.report(peer, offence),
  }
}

function openChannels(network: Network): Record<Message['type'], Channel> {
  const small = { maxBytes: maxSmallMessageBytes, queueLength: 2048 }
  const large = { maxBytes: maxMessageBytes, queueLength: 32, queueBytes: 2 * maxMessageBytes }
  return {
    proposal: network.channel('bft-proposal', large),
    decided: network.channel('bft-decided', large),
    vote: network.channel('bft-vote', small),
    status: network.channel('bft-status', { ...small, queueLength: 64 }),
  }
}

function read(bytes: Uint8Array, type: string): Message | null {
  try {
    const message = decodeMessage(bytes)
    return message.type === type ? message : null
  } catch (error) {
    if (error instanceof CodedError) return null
    throw error
  }
}

type BlockRequests = Pick<Transport, 'requestBlocks' | 'serveBlocks'>

/** A request is RLP [from, count]; the answer is a chunk for each block. */
function createBlockRequests(network: Network): BlockRequests {
  const protocol = network.protocol('bft-blocks', {
    maxRequestBytes: 64,
    maxChunkBytes: maxBlockBytes,
    maxResponseBytes: maxAnswerBytes + maxBlockBytes,
    maxConcurrent: 8,
  })
  return {
    async requestBlocks(peer, { from, count }, { signal }) {
      const request = encodeRlp([numberItem(from), numberItem(count)])
      const blocks: DecidedBlock[] = []
      const options = { signal, timeoutMs: answerTimeoutMs }
      for await (const chunk of protocol.request(peer, request, options)) {
        blocks.push(readBlock(chunk, peer, network))
        if (blocks.length >= count) break
      }
      return blocks
    },
    serveBlocks: (handler) =>
      protocol.serve(async function* (request, { peer }) {
        const range = readRange(request)
        if (!range) return network.report(peer, 'invalid')
        let bytes = 0
        for (const decided of await handler(range)) {
          const chunk = encodeDecidedBlock(decided)
          bytes += chunk.length
          yield chunk
          if (bytes > maxAnswerBytes) return
        }
      }),
  }
}

function readBlock(chunk: Uint8Array, peer: PeerId, network: Network): DecidedBlock {
  try {
    return decodeDecidedBlock(chunk)
  } catch (error) {
    network.report(peer, 'invalid')
    throw error
  }
}

function readRange(request: Uint8Array): BlockRange | null {
  try {
    const [first, second] = toList(decodeRlp(request), 'block request', 2)
    const count = Math.min(toNumber(second, 'count'), maxBlocksPerRequest)
    return { from: toNumber(first, 'from'), count }
  } catch (error) {
    if (error instanceof CodedError) return null
    throw error
  }
}
