import { collectResponse, type Network, type Verdict } from '@quoin/network'
import { type PowTransport, powLimits } from '@quoin/pow'

/** Gossip carries no more. A larger block is found by those who ask for our head, as they do now and then. */
const maxGossipBytes = Math.min(powLimits.announcement, 4_000_000)
const chunkBytes = 1024 * 1024
const answerTimeoutMs = 10_000

/** Proof of work over a network: new blocks by gossip, everything else by question and answer. */
export function createPowTransport(network: Network): PowTransport {
  const listeners = new Set<Parameters<PowTransport['onAnnounce']>[0]>()
  const topic = network.topic('pow-block', {
    maxBytes: maxGossipBytes,
    validate(block, from): Verdict {
      const verdicts = [...listeners].map((judge) => judge(block, from))
      return verdicts.find((verdict) => verdict !== 'ignore') ?? 'ignore'
    },
  })
  const protocol = network.protocol('pow-question', {
    maxRequestBytes: powLimits.question,
    maxChunkBytes: chunkBytes,
    maxResponseBytes: powLimits.answer,
    maxConcurrent: 16,
  })
  return {
    peers: () => network.peers().map(({ id }) => id),
    onPeer: (listener) => network.onPeer(listener),
    announce(block) {
      if (block.length <= maxGossipBytes) topic.publish(block)
    },
    onAnnounce(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    request: (peer, question, { signal }) =>
      collectResponse(protocol.request(peer, question, { signal, timeoutMs: answerTimeoutMs })),
    serve: (handler) =>
      protocol.serve(async function* (question, { peer }) {
        const answer = await handler(question, peer)
        for (let at = 0; at < answer.length; at += chunkBytes)
          yield answer.subarray(at, at + chunkBytes)
      }),
    report: (peer, offence) => network.report(peer, offence),
  }
}
