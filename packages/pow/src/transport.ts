export type PeerId = string

/** What to do with a block that a peer told us of: pass it on, drop it, or hold it against the peer. */
export type Verdict = 'accept' | 'ignore' | 'reject'

/**
 * Carries blocks and questions between nodes, as bytes. It may lose, delay, repeat and reorder what is
 * announced. `powLimits` says how large each may be; more is to be refused before it is handed on.
 */
export interface PowTransport {
  peers(): readonly PeerId[]
  onPeer(listener: (peer: PeerId, isConnected: boolean) => void): () => void
  /** To everyone, through each other (gossip). Never waits. */
  announce(block: Uint8Array): void
  /** The verdict comes at once, after cheap checks: what is accepted is passed on to other peers. */
  onAnnounce(listener: (block: Uint8Array, from: PeerId) => Verdict): () => void
  /** One question, one answer. Rejects when the peer fails, refuses, or takes too long. */
  request(peer: PeerId, question: Uint8Array, options: { signal: AbortSignal }): Promise<Uint8Array>
  /** Answers peers' questions; a handler that rejects refuses. */
  serve(handler: (question: Uint8Array, from: PeerId) => Promise<Uint8Array>): () => void
  /** For the peer's score. */
  report(peer: PeerId, offence: 'invalid' | 'useless'): void
}

/** In bytes. */
export const powLimits = {
  announcement: 8 << 20,
  question: 16 << 10,
  answer: 16 << 20,
} as const

/** For a miner alone: nobody hears, nobody speaks. */
export function createLoopbackPowTransport(): PowTransport {
  const nothing = () => () => {}
  return {
    peers: () => [],
    onPeer: nothing,
    announce() {},
    onAnnounce: nothing,
    request: async (peer) => {
      throw new RangeError(`There is no peer ${peer}`)
    },
    serve: nothing,
    report() {},
  }
}
