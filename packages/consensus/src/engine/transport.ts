import type { Message } from '../codec/messages.ts'
import type { DecidedBlock } from '../storage/block-store.ts'

/** Names a connection's other end; says nothing of who validates. */
export type PeerId = string

export interface BlockRange {
  from: number
  /** At most `maxBlocksPerRequest`. */
  count: number
}

/** What a server gives at most for one request, however much was asked for. */
export const maxBlocksPerRequest = 64

/**
 * Carries messages between nodes. It may lose, delay, repeat and reorder them; what it hands over is
 * well-formed and within the size limits, but not verified.
 */
export interface Transport {
  /** Who is connected now. */
  peers(): readonly PeerId[]
  /** To every connected peer. Never waits: what a peer's queue cannot hold is lost for that peer. */
  broadcast(message: Message): void
  send(peer: PeerId, message: Message): void
  /** While a listener's promise is open, no more messages of that kind should be read from that peer. */
  onMessage(listener: (message: Message, from: PeerId) => void | Promise<void>): () => void
  onPeer(listener: (peer: PeerId, isConnected: boolean) => void): () => void
  /**
   * Decided blocks from `from` on, in order: as many as the peer has and gives, perhaps none.
   * Rejects when the peer does not answer, or with the signal's reason.
   */
  requestBlocks(
    peer: PeerId,
    range: BlockRange,
    options: { signal: AbortSignal },
  ): Promise<DecidedBlock[]>
  /** Answers the requests of others. */
  serveBlocks(handler: (range: BlockRange) => Promise<DecidedBlock[]>): () => void
  /** What a peer did: for its score. `invalid` is a lie that it can be blamed for. */
  report(peer: PeerId, offence: 'invalid' | 'useless'): void
}

/** For a chain of one node: nobody hears, nobody speaks. */
export function createLoopbackTransport(): Transport {
  return {
    peers: () => [],
    broadcast() {},
    send() {},
    onMessage: () => () => {},
    onPeer: () => () => {},
    requestBlocks: async () => [],
    serveBlocks: () => () => {},
    report() {},
  }
}
