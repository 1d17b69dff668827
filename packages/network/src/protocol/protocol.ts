import type { PeerId } from '../network.ts'

export interface ProtocolOptions {
  readonly maxRequestBytes: number
  /** Of one chunk of an answer. */
  readonly maxChunkBytes: number
  /** Of a whole answer. */
  readonly maxResponseBytes: number
  /** Requests being served at once, over all peers, on this protocol; one peer gets half of them. */
  readonly maxConcurrent: number
}

export interface RequestOptions {
  readonly signal?: AbortSignal
  /** The longest wait for the first chunk and between two. */
  readonly timeoutMs?: number
}

/** Answers a request chunk by chunk; `signal` aborts when the asker has gone or given up. */
export type ServeHandler = (
  request: Uint8Array,
  context: { readonly peer: PeerId; readonly signal: AbortSignal },
) => AsyncIterable<Uint8Array>

/** Questions and streamed answers. */
export interface Protocol {
  /**
   * The chunks of the answer as they come; leaving the loop cancels the request at the peer.
   * @throws CodedError REQUEST_TIMED_OUT, REQUEST_REFUSED, RESPONSE_TOO_LARGE, RESPONSE_BROKEN,
   *   PEER_NOT_CONNECTED; the signal's reason when it aborts.
   */
  request(peer: PeerId, request: Uint8Array, options?: RequestOptions): AsyncIterable<Uint8Array>
  /** One handler a protocol; returns the way to stop. */
  serve(handler: ServeHandler): () => void
}
