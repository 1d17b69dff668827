import type { Connection, Stream } from '@libp2p/interface'
import { abortStream } from '../host/abort-connection.ts'
import type { QueueInfo, Traffic } from '../network.ts'
import { encodeFrame } from '../wire/frame.ts'
import type { ChannelOptions } from './channel.ts'

/** libp2p's own buffer of a stream holds no more than this when the next message is handed over. */
const maxBufferedBytes = 65_536

/** Between attempts to open a stream to a connected peer. */
const minWaitMs = 50
const maxWaitMs = 5_000

/** What waits for one peer on one channel: bounded, written as fast as the peer reads. */
export class Outbox {
  readonly #protocol: string
  readonly #options: Required<ChannelOptions>
  readonly #traffic: Traffic
  readonly #waiting: Uint8Array[] = []
  #bytes = 0
  #dropped = 0
  #connection: Connection | undefined
  #stream: Stream | undefined
  #isOpening = false
  #timer: NodeJS.Timeout | undefined
  #waitMs = minWaitMs

  constructor(protocol: string, options: ChannelOptions & { readonly traffic: Traffic }) {
    this.#protocol = protocol
    const { maxBytes, queueLength, queueBytes = 4 * maxBytes, whenFull = 'dropOldest' } = options
    this.#traffic = options.traffic
    this.#options = { maxBytes, queueLength, queueBytes, whenFull }
  }

  get info(): QueueInfo {
    return { length: this.#waiting.length, bytes: this.#bytes, dropped: this.#dropped }
  }

  /** From now on over this connection; what waits is kept. */
  attach(connection: Connection): void {
    this.#connection = connection
    this.#stream = undefined
    this.#waitMs = minWaitMs
    this.#open()
  }

  close(): void {
    this.#connection = undefined
    clearTimeout(this.#timer)
    if (this.#stream) abortStream(this.#stream, 'The peer has left.')
    this.#stream = undefined
    this.#waiting.length = 0
    this.#bytes = 0
  }

  push(message: Uint8Array): void {
    const { maxBytes, queueLength, queueBytes, whenFull } = this.#options
    if (message.length > maxBytes)
      throw new RangeError('The message is larger than its channel allows.')
    this.#waiting.push(message)
    this.#bytes += message.length
    this.#pump()
    while (this.#waiting.length > queueLength || this.#bytes > queueBytes) {
      const lost = whenFull === 'dropOldest' ? this.#waiting.shift() : this.#waiting.pop()
      this.#bytes -= lost?.length ?? 0
      this.#dropped += 1
      this.#traffic.dropped += 1
    }
  }

  #open(): void {
    const connection = this.#connection
    if (connection === undefined || this.#isOpening || connection.status !== 'open') return
    this.#isOpening = true
    connection
      .newStream(this.#protocol, { signal: AbortSignal.timeout(10_000) })
      .then((stream) => this.#use(stream, connection))
      .catch(() => this.#retry())
      .finally(() => {
        this.#isOpening = false
        if (this.#connection !== connection) this.#open()
      })
  }

  /** The peer may not offer this channel yet, or may have reset its stream. */
  #retry(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#open(), this.#waitMs)
    this.#waitMs = Math.min(maxWaitMs, this.#waitMs * 2)
  }

  #use(stream: Stream, connection: Connection): void {
    if (this.#connection !== connection) {
      abortStream(stream, 'The connection was replaced.')
      return
    }
    this.#stream = stream
    // Both are told in the midst of a send, when the stream would keep but not send what it is given.
    const pumpSoon = () => queueMicrotask(() => this.#pump())
    stream.addEventListener('drain', pumpSoon)
    stream.addEventListener('idle', pumpSoon)
    stream.addEventListener('close', () => {
      if (this.#stream !== stream) return
      this.#stream = undefined
      this.#retry()
    })
    this.#pump()
  }

  #pump(): void {
    const stream = this.#stream
    while (stream !== undefined && this.#waiting.length > 0 && canWrite(stream)) {
      const message = this.#waiting.shift()
      if (message === undefined) return
      this.#bytes -= message.length
      this.#waitMs = minWaitMs
      this.#traffic.messagesOut += 1
      this.#traffic.bytesOut += message.length
      stream.send(encodeFrame(message))
    }
  }
}

const canWrite = (stream: Stream) =>
  stream.status === 'open' &&
  stream.writeStatus === 'writable' &&
  !stream.writableNeedsDrain &&
  stream.writeBufferLength <= maxBufferedBytes
