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

/**
 * Paid calls that the connection lost. A caller that makes such a call again (as the openai client does by
 * itself) gets the key of the first, so that it is one call to the provider and paid once.
 */
export class LostCalls {
  readonly #keys = new Map<string, string>()

  add(call: OutgoingCall): void {
    if (call.requestHash === null) return
    this.#keys.set(nameOf(call.priceKey, call.requestHash), call.idempotencyKey)
    const oldest = this.#keys.keys().next()
    if (this.#keys.size > 256 && !oldest.done) this.#keys.delete(oldest.value)
  }

  /** The key to use again, once. */
  take(priceKey: string, requestHash: Hex | null): string | null {
    if (requestHash === null) return null
    const name = nameOf(priceKey, requestHash)
    const key = this.#keys.get(name) ?? null
    this.#keys.delete(name)
    return key
  }
}

const nameOf = (priceKey: string, requestHash: Hex): string => `${priceKey} ${requestHash}`

export async function readCall(
  input: string | URL | Request,
  init: RequestInit | undefined,
  lost: LostCalls,
): Promise<OutgoingCall> {
  const request = new Request(input, init)
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  const body = hasBody ? new Uint8Array(await request.arrayBuffer()) : null
  const json = body && body.length > 0 ? parseJson(body) : undefined
  const { origin, pathname } = new URL(request.url)
  const priceKey = `${request.method} ${origin}${pathname} ${modelOf(json)}`
  const requestHash = json === undefined ? null : hashRequest(json)
  const headers = new Headers(request.headers)
  const idempotencyKey =
    headers.get(headerNames.idempotencyKey) ??
    lost.take(priceKey, requestHash) ??
    crypto.randomUUID()
  headers.set(headerNames.idempotencyKey, idempotencyKey)
  return {
    url: request.url,
    method: request.method,
    headers,
    body,
    signal: request.signal,
    idempotencyKey,
    requestHash,
    priceKey,
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
