import { request } from 'node:http'

/** One JSON-RPC call. Rejects when the node is gone, with the node's message when it refuses. */
export function call<T>(url: string, method: string, params: unknown[] = []): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: 'POST', headers: { 'content-type': 'application/json' }, timeout: 10_000 },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          try {
            const { result, error } = JSON.parse(Buffer.concat(chunks).toString())
            if (error) reject(new Error(`${method}: ${error.message}`))
            else resolve(result)
          } catch (cause) {
            reject(new Error(`${method}: the answer broke off`, { cause }))
          }
        })
      },
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method}: no answer`)))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
