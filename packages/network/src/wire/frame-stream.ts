import type { Stream } from '@libp2p/interface'
import { abortStream } from '../host/abort-connection.ts'
import { encodeFrame, FrameReader } from './frame.ts'

export interface FrameStreamOptions {
  readonly maxBytes: number
  /** What it throws aborts the stream; while its promise is open, the peer is told to wait. */
  readonly onFrame: (payload: Uint8Array) => void | Promise<void>
  /** Once, when no more frames come; with what went wrong, if anything did. */
  readonly onEnd?: (error: unknown) => void
}

/** Reads frames from a libp2p stream. Bad input ends in `onEnd`, never in an exception. */
export function readFrames(stream: Stream, options: FrameStreamOptions): void {
  const reader = new FrameReader(options.maxBytes)
  const waiting: Uint8Array[] = []
  let isBusy = false
  let hasEnded = false
  const end = (error: unknown) => {
    if (hasEnded) return
    hasEnded = true
    waiting.length = 0
    options.onEnd?.(error)
  }
  const fail = (error: unknown) => {
    end(error)
    abortStream(stream, error instanceof Error ? error.message : 'The reader failed.')
  }
  const deliver = () => {
    while (!isBusy && !hasEnded) {
      const payload = waiting.shift()
      if (payload === undefined) return
      const done = options.onFrame(payload)
      if (done === undefined) continue
      isBusy = true
      pause(stream)
      done.then(() => {
        isBusy = false
        deliverSafely()
        if (!isBusy && !hasEnded) resume(stream)
      }, fail)
    }
  }
  const deliverSafely = () => {
    try {
      deliver()
    } catch (error) {
      fail(error)
    }
  }
  stream.addEventListener('message', (event) => {
    if (hasEnded) return
    try {
      const parts = event.data instanceof Uint8Array ? [event.data] : event.data
      for (const part of parts) for (const payload of reader.read(part)) waiting.push(payload)
    } catch (error) {
      return fail(error)
    }
    deliverSafely()
  })
  stream.addEventListener('end', () => {
    if (!isBusy && waiting.length === 0) end(undefined)
  })
  stream.addEventListener('close', (event) => end(event.error))
}

function pause(stream: Stream): void {
  if (stream.readStatus === 'readable') stream.pause()
}

function resume(stream: Stream): void {
  if (stream.readStatus === 'paused') stream.resume()
}

/** Writes one frame if the stream still takes bytes; whether it went out. */
export function writeFrame(stream: Stream, payload: Uint8Array): boolean {
  if (stream.status !== 'open' || stream.writeStatus !== 'writable') return false
  try {
    stream.send(encodeFrame(payload))
    return true
  } catch {
    return false
  }
}
