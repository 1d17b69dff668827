import type { IncomingMessage } from 'node:http'

/** The body as text, or null when it is longer than `limit` bytes (the rest is left unread). */
export function readBody(request: IncomingMessage, limit: number): Promise<string | null> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limit) return Promise.resolve(null)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else {
        request.pause()
        request.removeAllListeners('data')
        resolve(null)
      }
    })
    request.on('end', () => {
      const [first] = chunks
      resolve((chunks.length === 1 && first ? first : Buffer.concat(chunks)).toString('utf8'))
    })
    request.on('error', reject)
    request.on('aborted', () => reject(new Error('The client went away')))
  })
}
