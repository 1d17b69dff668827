import type { Answer, Connection } from '../operation.ts'

/** A file as it comes; a reader that got a part only sees its connection cut. */
export async function streamOut(
  connection: Connection,
  content: AsyncIterable<Uint8Array>,
): Promise<Answer> {
  const stream = connection.stream(200, {
    'content-type': 'application/octet-stream',
    'x-content-type-options': 'nosniff',
  })
  try {
    for await (const piece of content) await stream.write(piece)
    stream.end()
  } catch {
    stream.cut()
  }
  return { kind: 'streamed' }
}
