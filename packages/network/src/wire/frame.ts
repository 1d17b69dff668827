import { networkError } from '../errors.ts'

const headerBytes = 4

/** A frame on the wire: the payload's length as four bytes, most significant first, then the payload. */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + payload.length)
  new DataView(frame.buffer).setUint32(0, payload.length)
  frame.set(payload, headerBytes)
  return frame
}

/**
 * Cuts a stream of bytes into frames. A length beyond `maxBytes` throws FRAME_TOO_LARGE before
 * anything is allocated for it; between two frames at most four bytes are kept.
 */
export class FrameReader {
  readonly #maxBytes: number
  readonly #header = new Uint8Array(headerBytes)
  #headerLength = 0
  #payload: Uint8Array | undefined
  #payloadLength = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether a frame has begun and not ended. */
  get isInFrame(): boolean {
    return this.#headerLength > 0
  }

  /** Takes bytes in and yields the frames they complete. */
  *read(bytes: Uint8Array): Generator<Uint8Array> {
    let at = 0
    while (at < bytes.length) {
      if (this.#payload === undefined) at += this.#readHeader(bytes.subarray(at))
      const payload = this.#payload
      if (payload === undefined) return
      const taken = bytes.subarray(at, at + payload.length - this.#payloadLength)
      payload.set(taken, this.#payloadLength)
      this.#payloadLength += taken.length
      at += taken.length
      if (this.#payloadLength < payload.length) return
      this.#payload = undefined
      this.#headerLength = 0
      yield payload
    }
  }

  #readHeader(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, headerBytes - this.#headerLength)
    this.#header.set(taken, this.#headerLength)
    this.#headerLength += taken.length
    if (this.#headerLength < headerBytes) return taken.length
    const length = new DataView(this.#header.buffer).getUint32(0)
    if (length > this.#maxBytes)
      throw networkError(
        'FRAME_TOO_LARGE',
        `A frame of ${length} bytes came where at most ${this.#maxBytes} are allowed.`,
        { detail: { length, maxBytes: this.#maxBytes } },
      )
    this.#payload = new Uint8Array(length)
    this.#payloadLength = 0
    return taken.length
  }
}
