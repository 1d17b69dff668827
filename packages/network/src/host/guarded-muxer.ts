import type { ConnectionEncrypter, MessageStream, StreamMuxerFactory } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'

/** The largest yamux frame a peer may announce: a whole receive window. */
const maxWindowBytes = 1_048_576

const headerBytes = 12

/** When bytes of any kind last came from each connected peer, by a clock that does not run back. */
export class Hearing {
  readonly #peers = new WeakMap<MessageStream, string>()
  /** By peer, with the connections that are open to it. */
  readonly #heard = new Map<string, { at: number; connections: number }>()
  bytesIn = 0

  heardAt(peer: string): number {
    return this.#heard.get(peer)?.at ?? 0
  }

  /** noise as always (Node's own crypto for long messages, WebAssembly for short), noting whose stream it made. */
  encrypter = (components: Parameters<ReturnType<typeof noise>>[0]): ConnectionEncrypter => {
    const inner: ConnectionEncrypter = noise()(components)
    const { secureInbound, secureOutbound } = inner
    inner.secureInbound = async (...args) => this.#note(await secureInbound.apply(inner, args))
    inner.secureOutbound = async (...args) => this.#note(await secureOutbound.apply(inner, args))
    return inner
  }

  /** yamux, with each frame's announced length checked before yamux begins to collect it. */
  muxer = (): StreamMuxerFactory => {
    const inner: StreamMuxerFactory = yamux(muxerOptions)()
    const createStreamMuxer = inner.createStreamMuxer.bind(inner)
    inner.createStreamMuxer = (connection) => {
      this.#watch(connection)
      return createStreamMuxer(connection)
    }
    return inner
  }

  #note<T extends { connection: MessageStream; remotePeer: { toString(): string } }>(
    secured: T,
  ): T {
    this.#peers.set(secured.connection, secured.remotePeer.toString())
    return secured
  }

  #watch(connection: MessageStream): void {
    const peer = this.#peers.get(connection)
    const heard = peer === undefined ? undefined : this.#meet(peer)
    const frames = new MuxerFrames()
    connection.addEventListener('message', (event) => {
      this.bytesIn += event.data.byteLength
      if (heard !== undefined) heard.at = performance.now()
      const parts = event.data instanceof Uint8Array ? [event.data] : event.data
      for (const part of parts)
        if (!frames.accept(part)) {
          event.stopImmediatePropagation()
          connection.abort(new Error('The peer announced an oversized frame.'))
          return
        }
    })
    connection.addEventListener('close', () => {
      if (heard === undefined || peer === undefined) return
      heard.connections -= 1
      if (heard.connections === 0) this.#heard.delete(peer)
    })
  }

  #meet(peer: string) {
    const heard = this.#heard.get(peer) ?? { at: 0, connections: 0 }
    heard.at = performance.now()
    heard.connections += 1
    this.#heard.set(peer, heard)
    return heard
  }
}

/** Follows yamux frames by their headers alone (yamux spec: version, type, flags, stream, length). */
class MuxerFrames {
  readonly #header = new Uint8Array(headerBytes)
  #headerLength = 0
  #skip = 0

  /** False as soon as a data frame announces more than a window. */
  accept(bytes: Uint8Array): boolean {
    let at = 0
    while (at < bytes.length) {
      const skipped = Math.min(this.#skip, bytes.length - at)
      this.#skip -= skipped
      at += skipped
      const taken = bytes.subarray(at, at + headerBytes - this.#headerLength)
      this.#header.set(taken, this.#headerLength)
      this.#headerLength += taken.length
      at += taken.length
      if (this.#headerLength < headerBytes) return true
      this.#headerLength = 0
      const isData = this.#header[1] === 0
      const length = new DataView(this.#header.buffer).getUint32(8)
      if (isData && length > maxWindowBytes) return false
      if (isData) this.#skip = length
    }
    return true
  }
}

const muxerOptions = {
  enableKeepAlive: false,
  maxInboundStreams: 256,
  maxOutboundStreams: 256,
  maxEarlyStreams: 16,
  streamOptions: { maxStreamWindowSize: maxWindowBytes, maxReadBufferLength: 4 * maxWindowBytes },
}
