import type { Hex } from '@quoin/kernel'
import { hashRequest, headerNames } from '@quoin/protocol'

/** One call as the caller made it, its body read once so that it can be sent again. */
export interface OutgoingCall {
  url: string
  method: string
  headers: Headers
  body: Uint8Array<ArrayBuffer> | null
  signal: AbortSignal
  /** Names the call to the provider, which answers a repetition again for free. */
  idempotencyKey: string
  /** Null when the body is not JSON. */
  requestHash: Hex | null
  /** Calls with one key have one price: URL without the query, and the model that the body names. */
  priceKey: string
}

export async function readCall(
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<OutgoingCall> {
  const request = new Request(input, init)
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  const body = hasBody ? new Uint8Array(await request.arrayBuffer()) : null
  const json = body && body.length > 0 ? parseJson(body) : undefined
  const headers = new Headers(request.headers)
  const idempotencyKey = headers.get(headerNames.idempotencyKey) ?? crypto.randomUUID()
  headers.set(headerNames.idempotencyKey, idempotencyKey)
  const { origin, pathname } = new URL(request.url)
  return {
    url: request.url,
    method: request.method,
    headers,
    body,
    signal: request.signal,
    idempotencyKey,
    requestHash: json === undefined ? null : hashRequest(json),
    priceKey: `${request.method} ${origin}${pathname} ${modelOf(json)}`,
  }
}

/** How often a call is sent again when the connection fails; the key makes it one call to the provider. */
const maxSends = 3

/** Sends the call, again when the connection fails before an answer. Aborting ends it at once. */
export async function sendCall(
  call: OutgoingCall,
  transport: typeof fetch,
  payment: string | null,
): Promise<Response> {
  const headers = new Headers(call.headers)
  if (payment !== null) headers.set(headerNames.paymentSignature, payment)
  const { url, method, body, signal } = call
  for (let sent = 1; ; sent++) {
    try {
      return await transport(url, { method, headers, body, signal })
    } catch (error) {
      if (signal.aborted || sent === maxSends || !(error instanceof TypeError)) throw error
    }
  }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}

function modelOf(json: unknown): string {
  return typeof json === 'object' && json !== null && 'model' in json ? String(json.model) : ''
}
