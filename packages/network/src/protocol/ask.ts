import type { Stream } from '@libp2p/interface'
import { networkError } from '../errors.ts'
import { abortStream } from '../host/abort-connection.ts'
import type { Link } from '../peer/link.ts'
import { readFrames, writeFrame } from '../wire/frame-stream.ts'
import { type AnswerFrame, decodeAnswer } from './answer-frame.ts'
import type { ProtocolOptions, RequestOptions } from './protocol.ts'

export interface AskOptions extends RequestOptions {
  readonly link: Link
  readonly protocol: string
  readonly limits: ProtocolOptions
}

/** Sends one request on a stream of its own and yields the answer's chunks, one read at a time. */
export async function* ask(request: Uint8Array, options: AskOptions): AsyncGenerator<Uint8Array> {
  const { link, limits, timeoutMs = 10_000 } = options
  options.signal?.throwIfAborted()
  const stream = await openStream(options, timeoutMs)
  const answer = new Answer(stream, limits, link.peer)
  const abort = () => answer.fail(options.signal?.reason)
  options.signal?.addEventListener('abort', abort)
  try {
    if (options.signal?.aborted) abort()
    writeFrame(stream, request)
    while (true) {
      const chunk = await answer.next(timeoutMs)
      if (chunk === undefined) return
      yield chunk
    }
  } finally {
    options.signal?.removeEventListener('abort', abort)
    if (answer.isComplete) stream.close().catch(() => abortStream(stream, 'It would not close.'))
    else abortStream(stream, 'The request was given up.')
  }
}

async function openStream({ link, protocol, signal }: AskOptions, timeoutMs: number) {
  const limit = AbortSignal.timeout(timeoutMs)
  try {
    return await link.connection.newStream(protocol, {
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
  } catch (cause) {
    signal?.throwIfAborted()
    if (limit.aborted) throw timedOut(link.peer, timeoutMs)
    throw broken(link.peer, cause)
  }
}

/** The answer as it comes in: a chunk is taken from the stream only when the one before was used. */
class Answer {
  readonly #peer: string
  #ready: AnswerFrame | undefined
  #release: (() => void) | undefined
  #failure: unknown
  #hasFailed = false
  #wake: () => void = () => {}
  #bytes = 0
  isComplete = false

  constructor(stream: Stream, limits: ProtocolOptions, peer: string) {
    this.#peer = peer
    readFrames(stream, {
      maxBytes: limits.maxChunkBytes + 1,
      onFrame: (payload) => this.#take(payload, limits),
      onEnd: (error) => this.fail(broken(peer, error)),
    })
  }

  fail(error: unknown): void {
    if (this.#hasFailed || this.isComplete) return
    this.#hasFailed = true
    this.#failure = error
    this.#wake()
  }

  /** The next chunk, undefined at the end. */
  async next(timeoutMs: number): Promise<Uint8Array | undefined> {
    this.#release?.()
    this.#release = undefined
    if (this.#ready === undefined && !this.#hasFailed) await this.#news(timeoutMs)
    const frame = this.#ready
    this.#ready = undefined
    if (frame === undefined) throw this.#failure
    if (frame.type === 'chunk') return frame.bytes
    if (frame.type === 'end') return undefined
    throw networkError(
      'REQUEST_REFUSED',
      `Peer ${this.#peer} refused the request: ${frame.reason}.`,
      {
        detail: { peer: this.#peer, reason: frame.reason },
      },
    )
  }

  #news(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.fail(timedOut(this.#peer, timeoutMs)), timeoutMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #take(payload: Uint8Array, { maxResponseBytes }: ProtocolOptions): void | Promise<void> {
    if (this.isComplete || this.#hasFailed) return
    this.#bytes += payload.length - 1
    if (this.#bytes > maxResponseBytes)
      return this.fail(
        networkError(
          'RESPONSE_TOO_LARGE',
          `Peer ${this.#peer} sends more than the ${maxResponseBytes} bytes an answer may have.`,
          { detail: { peer: this.#peer, maxResponseBytes } },
        ),
      )
    const frame = decodeAnswer(payload)
    this.#ready = frame
    this.isComplete = frame.type !== 'chunk'
    const taken =
      frame.type === 'chunk' ? new Promise<void>((resolve) => (this.#release = resolve)) : undefined
    this.#wake()
    return taken
  }
}

const timedOut = (peer: string, timeoutMs: number) =>
  networkError('REQUEST_TIMED_OUT', `Peer ${peer} did not answer for ${timeoutMs} ms.`, {
    detail: { peer, timeoutMs },
  })

const broken = (peer: string, cause: unknown) =>
  networkError('RESPONSE_BROKEN', `The answer of peer ${peer} broke off.`, {
    detail: { peer },
    cause,
  })
