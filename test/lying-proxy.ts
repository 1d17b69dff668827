import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What to answer instead, by method; gets the honest answer. */
export type Lies = Record<string, (honest: unknown, params: unknown[]) => unknown>

export interface LyingProxy extends AsyncDisposable {
  readonly url: string
  /** Changes what is lied about from now on. */
  tell(lies: Lies): void
}

/** A node's JSON-RPC, with some answers changed on the way. */
export async function startLyingProxy(rpcUrl: string): Promise<LyingProxy> {
  let lies: Lies = {}
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const headers = { 'content-type': 'application/json' }
    const answer = await (await fetch(rpcUrl, { method: 'POST', headers, body: text })).json()
    const asked = JSON.parse(text)
    const change = (one: { method: string; params: unknown[] }, answer: { result?: unknown }) => {
      const lie = lies[one.method]
      return lie && 'result' in answer
        ? { ...answer, result: lie(answer.result, one.params ?? []) }
        : answer
    }
    const changed = Array.isArray(asked)
      ? asked.map((one, index) => change(one, answer[index]))
      : change(asked, answer)
    response.writeHead(200, headers).end(JSON.stringify(changed))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    tell: (next) => {
      lies = next
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
