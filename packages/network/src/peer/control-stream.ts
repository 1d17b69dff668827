import type { Stream } from '@libp2p/interface'
import { TokenBucket } from '../admission/token-bucket.ts'
import { networkError } from '../errors.ts'
import {
  type ControlMessage,
  decodeControl,
  encodeControl,
  maxControlBytes,
} from '../wire/control.ts'
import { readFrames, writeFrame } from '../wire/frame-stream.ts'

/** The first stream of a connection: hello, heartbeats, addresses, farewells. */
export class ControlStream {
  readonly #stream: Stream
  readonly #bucket = new TokenBucket({ burst: 128, perSecond: 64, nowMs: performance.now() })
  #listener: (message: ControlMessage) => void = () => {}

  constructor(stream: Stream, onEnd: (error: unknown) => void) {
    this.#stream = stream
    readFrames(stream, {
      maxBytes: maxControlBytes,
      onFrame: (payload) => {
        if (!this.#bucket.take(performance.now()))
          throw networkError('FRAME_MALFORMED', 'Control messages came in a flood.')
        this.#listener(decodeControl(payload))
      },
      onEnd,
    })
  }

  /** One listener at a time; what it throws ends the stream. */
  listen(listener: (message: ControlMessage) => void): void {
    this.#listener = listener
  }

  /** A message that the stream cannot take at once is dropped when too much already waits. */
  send(message: ControlMessage): void {
    if (this.#stream.writeBufferLength < 4 * maxControlBytes)
      writeFrame(this.#stream, encodeControl(message))
  }
}
