import { createServer, type Server, type ServerResponse } from 'node:http'
import { CodedError } from '@quoin/kernel'

export interface Page {
  status: number
  contentType: string
  body: string
}

/** What a path gives, asked at each request. */
export type Pages = Readonly<Record<string, () => Promise<Page>>>

export const jsonPage = (status: number, value: unknown): Page => ({
  status,
  contentType: 'application/json',
  body: `${JSON.stringify(value)}\n`,
})

/**
 * A small read-only server: GET of a known path, nothing else. Port 0 takes a free one.
 * @throws CodedError `PORT_TAKEN`
 */
export async function openPages(
  pages: Pages,
  address: { host: string; port: number },
): Promise<AsyncDisposable & { url: string }> {
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 8192 }, (request, reply) => {
    const { pathname } = new URL(request.url ?? '/', 'http://monitor')
    const page = pages[pathname]
    if (request.method !== 'GET') send(reply, jsonPage(405, { error: 'Only GET is answered here' }))
    else if (!page)
      send(reply, jsonPage(404, { error: `Here are ${Object.keys(pages).join(', ')}` }))
    else
      page().then(
        (result) => send(reply, result),
        (error: unknown) =>
          send(reply, jsonPage(503, { error: error instanceof Error ? error.message : 'failed' })),
      )
  })
  server.maxConnections = 64
  const port = await listen(server, address)
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return {
    url: `http://${host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

function send(reply: ServerResponse, { status, contentType, body }: Page): void {
  reply.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff' })
  reply.end(body)
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const isTaken = 'code' in cause && cause.code === 'EADDRINUSE'
      const what = `Port ${port} of ${host} is taken; stop what uses it or choose another`
      reject(isTaken ? new CodedError('PORT_TAKEN', what, { cause }) : cause)
    })
    server.listen(port, host, () => {
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })
}
