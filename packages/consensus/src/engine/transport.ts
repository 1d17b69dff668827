import type { Message } from '../codec/messages.ts'

/** Carries messages between validators. It may lose, delay, repeat and reorder them. */
export interface Transport {
  /** How many peers would hear a broadcast now. */
  peerCount(): number
  /** Never waits: what a peer's queue cannot hold is lost for that peer. */
  broadcast(message: Message): void
  /** Messages as they come from peers, well-formed but not yet verified. */
  onMessage(listener: (message: Message) => void): () => void
}

/** For a chain of one validator: nobody hears, nobody speaks. */
export function createLoopbackTransport(): Transport {
  return { peerCount: () => 0, broadcast() {}, onMessage: () => () => {} }
}
