import type { Stream } from '@libp2p/interface'
import { abortStream } from '../host/abort-connection.ts'
import type { PeerId } from '../network.ts'
import { drained } from '../wire/drained.ts'
import { readFrames, writeFrame } from '../wire/frame-stream.ts'
import { encodeAnswer } from './answer-frame.ts'
import type { ProtocolOptions, ServeHandler } from './protocol.ts'

/** Who reads more slowly than this, beyond the patience for one chunk, only wants to keep a place from others. */
const leastBytesPerMs = 16

export interface AnswerOptions {
  readonly peer: PeerId
  readonly limits: ProtocolOptions
  /** How long the request may take to come, and the asker to read one chunk. */
  readonly patienceMs: number
  readonly onFailure: (error: unknown) => void
}

/** Reads one request from the stream and writes the handler's chunks, as fast as the asker reads. */
export async function answer(
  stream: Stream,
  handler: ServeHandler,
  options: AnswerOptions,
): Promise<void> {
  const gone = new AbortController()
  stream.addEventListener('close', () => gone.abort())
  try {
    const request = await readRequest(stream, options)
    let [bytesRead, waitedMs] = [0, 0]
    for await (const bytes of handler(request, { peer: options.peer, signal: gone.signal })) {
      if (gone.signal.aborted) return
      writeFrame(stream, encodeAnswer({ type: 'chunk', bytes }))
      const sinceMs = performance.now()
      await drained(stream, AbortSignal.any([gone.signal, AbortSignal.timeout(options.patienceMs)]))
      waitedMs += performance.now() - sinceMs
      bytesRead += bytes.length
      if (waitedMs > options.patienceMs + bytesRead / leastBytesPerMs)
        throw new Error('The asker reads too slowly: others want its place.')
    }
    writeFrame(stream, encodeAnswer({ type: 'end' }))
    await stream.close({ signal: AbortSignal.timeout(options.patienceMs) })
  } catch (error) {
    if (!gone.signal.aborted) {
      options.onFailure(error)
      refuse(stream, 'failed')
    }
  } finally {
    gone.abort()
  }
}

/** Says why there is no (more) answer and ends the stream. */
export function refuse(stream: Stream, reason: 'busy' | 'malformed' | 'failed'): void {
  writeFrame(stream, encodeAnswer({ type: 'refused', reason }))
  stream
    .close({ signal: AbortSignal.timeout(1_000) })
    .catch(() => abortStream(stream, 'The asker does not read.'))
}

function readRequest(stream: Stream, { limits, patienceMs }: AnswerOptions): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('No request came.')), patienceMs)
    readFrames(stream, {
      maxBytes: limits.maxRequestBytes,
      onFrame: (payload) => {
        clearTimeout(timer)
        resolve(payload)
      },
      onEnd: (error) => {
        clearTimeout(timer)
        reject(error ?? new Error('The asker left before it asked.'))
      },
    })
  })
}
