import type { Stream } from '@libp2p/interface'

/** Resolves when hardly any bytes wait in the stream; rejects when it ends or the signal aborts. */
export async function drained(stream: Stream, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = () => {
    if (stream.writeStatus === 'closed') reject(new Error('The stream has ended.'))
    else if (!stream.writableNeedsDrain && stream.writeBufferLength <= 65_536) resolve()
  }
  const giveUp = () => reject(signal.reason)
  for (const event of ['drain', 'idle', 'close'] as const) stream.addEventListener(event, look)
  signal.addEventListener('abort', giveUp)
  try {
    look()
    if (signal.aborted) giveUp()
    await promise
  } finally {
    for (const event of ['drain', 'idle', 'close'] as const) stream.removeEventListener(event, look)
    signal.removeEventListener('abort', giveUp)
  }
}
