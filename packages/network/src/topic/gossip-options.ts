import { createHash } from 'node:crypto'
import type { GossipsubOpts } from '@libp2p/gossipsub'

/**
 * Gossipsub for networks from two nodes on one host to a few hundred: an author floods what it
 * publishes, the mesh is small, messages are unsigned and named by their content, and addresses
 * are not held against anyone. Peer scores are our own affair, so gossipsub's only count faults.
 */
export function gossipOptions(): Partial<GossipsubOpts> {
  return {
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: (message) => contentId(message.topic, message.data),
    emitSelf: false,
    fallbackToFloodsub: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    floodPublish: true,
    doPX: false,
    D: 4,
    Dlo: 3,
    Dhi: 8,
    Dlazy: 4,
    heartbeatInterval: 700,
    seenTTL: 30_000,
    tagMeshPeers: false,
    maxInboundDataLength: maxGossipBytes,
    maxOutboundBufferSize: 8 * maxGossipBytes,
    maxTopicBytesPerPeer: 65_536,
    scoreParams: { IPColocationFactorWeight: 0 },
  }
}

/** No gossiped message is larger, whatever its topic allows. */
const maxGossipBytes = 4_194_304

function contentId(topic: string, data: Uint8Array): Uint8Array {
  return createHash('sha256').update(topic).update('\0').update(data).digest().subarray(0, 20)
}
