import type { Connection, Stream } from '@libp2p/interface'

/** Ends a connection at once, whatever state it is in: libp2p's abort throws while saying its farewell. */
export function abortConnection(connection: Connection, reason: string): void {
  // The first call ends the muxer and may throw; the second then ends the socket.
  for (let attempt = 0; attempt < 2; attempt++)
    try {
      connection.abort(new Error(reason))
      return
    } catch {}
}

/** Ends a connection after what waits has gone out, or after a second. */
export function closeConnection(connection: Connection, reason: string): void {
  const signal = AbortSignal.timeout(1_000)
  connection.close({ signal }).catch(() => abortConnection(connection, reason))
}

/** Resets a stream; its connection may be gone already. */
export function abortStream(stream: Stream, reason: string): void {
  try {
    stream.abort(new Error(reason))
  } catch {}
}
