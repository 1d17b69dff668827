import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Hex } from '@quoin/kernel'
import { hashRequest, headerNames } from '@quoin/protocol'
import type { CallRequest, Market } from '../interface.ts'

/** A resource server of a few lines on a market: what a gateway does, without models. */
export interface PaidServer extends AsyncDisposable {
  url: string
  /** Calls that really ran. */
  served: () => number
  /** Calls that were answered with 402 or another refusal. */
  refused: () => number
}

export interface Handler {
  ceilingAtomic: bigint
  /** What the call costs in the end; runs as the work of the call. */
  run: (body: string) => Promise<{ answer: string; amountAtomic: bigint }>
}

export async function startPaidServer(market: Market, handler: Handler): Promise<PaidServer> {
  let count = 0
  let refused = 0
  const server = createServer((request, response) => {
    const onServed = () => count++
    const onRefused = () => refused++
    serve(market, handler, request, response, onServed, onRefused).catch((error: unknown) => {
      response.writeHead(503).end(String(error))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/paid`,
    served: () => count,
    refused: () => refused,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function serve(
  market: Market,
  handler: Handler,
  request: IncomingMessage,
  response: ServerResponse,
  count: () => void,
  refuse: () => void,
): Promise<void> {
  let body = ''
  for await (const chunk of request) body += chunk
  if (request.url === '/free') {
    const { answer } = await handler.run(body)
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
    return
  }
  const gone = new AbortController()
  response.on('close', () => gone.abort())
  const admission = await market.admit(callOf(request, body, handler.ceilingAtomic, gone.signal))
  if (admission.kind === 'refused') {
    refuse()
    response.writeHead(admission.status, admission.headers).end(JSON.stringify(admission.body))
    return
  }
  if (admission.kind === 'replayed') {
    response.writeHead(admission.status, admission.headers).end(admission.body)
    return
  }
  const { answer, amountAtomic } = await handler.run(body)
  count()
  const isStream = request.url === '/stream'
  if (isStream)
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      ...admission.call.streamHeaders,
    })
  const { headers } = await admission.call.finish({
    amountAtomic,
    unitsIn: body.length,
    unitsOut: answer.length,
    status: 200,
    contentType: 'application/json',
    body: Buffer.from(answer),
  })
  if (isStream) response.end(`data: ${answer}\n\n`)
  else response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(answer)
}

const serviceId: Hex = `0x${'5e'.repeat(32)}`

function callOf(
  request: IncomingMessage,
  body: string,
  ceilingAtomic: bigint,
  signal: AbortSignal,
): CallRequest {
  const header = (name: string): string | undefined => {
    const value = request.headers[name.toLowerCase()]
    return typeof value === 'string' ? value : undefined
  }
  const paymentHeader = header(headerNames.paymentSignature)
  const idempotencyKey = header(headerNames.idempotencyKey)
  return {
    serviceId,
    modelCid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
    runtimeId: `0x${'a1'.repeat(32)}`,
    resource: {
      url: `http://${request.headers.host}${request.url}`,
      description: 'A paid answer',
      mimeType: 'application/json',
    },
    ceilingAtomic,
    ...(paymentHeader === undefined ? {} : { paymentHeader }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    requestHash: hashRequest({ url: request.url, body }),
    signal,
  }
}
