import type { Stream } from '@libp2p/interface'
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
  #listener: (message: ControlMessage) => void = () => {}

  constructor(stream: Stream, onEnd: (error: unknown) => void) {
    this.#stream = stream
    readFrames(stream, {
      maxBytes: maxControlBytes,
      onFrame: (payload) => this.#listener(decodeControl(payload)),
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
