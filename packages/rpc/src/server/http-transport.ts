import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from '@quoin/kernel'
import { clientWentAway, rpcError } from '../errors.ts'
import { type AllowedOrigins, corsHeaders, isAllowedOrigin } from './cors.ts'
import type { Dispatcher } from './dispatch.ts'
import type { InFlight } from './in-flight.ts'
import { readBody } from './read-body.ts'

export interface HttpTransportOptions {
  dispatcher: Dispatcher
  inFlight: InFlight
  origins: AllowedOrigins
  bodyBytes: number
  logger: Logger
  /** Says why a request may not be answered (a token is missing), or null. */
  refusal?: (request: IncomingMessage) => string | null
}

/** JSON-RPC over HTTP POST: the body is a request or a batch. */
export function createHttpTransport(options: HttpTransportOptions): RequestListener {
  const { dispatcher, inFlight, origins, bodyBytes, logger } = options

  return (request, response) => {
    const refused = refuseEarly(request)
    if (refused) return end(request, response, refused)
    if (request.method === 'OPTIONS') return end(request, response, { status: 204, text: null })
    inFlight
      .track(serve(request, response))
      .catch((error) => logger.debug({ error }, 'A request was not answered'))
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, bodyBytes)
    if (body === null) {
      response.shouldKeepAlive = false
      const problem = `request too large: at most ${bodyBytes} bytes`
      return end(request, response, refusal(413, rpcError('INVALID_REQUEST', problem)))
    }
    const text = await dispatcher.answer(body, {
      subscriptions: null,
      gone: () => goneSignal(response),
    })
    end(request, response, { status: 200, text })
  }

  function refuseEarly(request: IncomingMessage): Answer | null {
    const reason = options.refusal?.(request)
    if (reason) return { status: 401, text: reason }
    if (!isAllowedOrigin(request, origins))
      return refusal(403, rpcError('INVALID_REQUEST', 'this origin may not use the server'))
    if (request.method === 'OPTIONS') return null
    if (request.method !== 'POST')
      return refusal(405, rpcError('INVALID_REQUEST', 'JSON-RPC requests are sent with POST'))
    if (!isJson(request.headers['content-type']))
      return refusal(
        415,
        rpcError('INVALID_REQUEST', 'invalid content type, only application/json is supported'),
      )
    return inFlight.isFull ? refusal(503, inFlight.fullError()) : null
  }

  function refusal(status: number, error: unknown): Answer {
    return { status, text: dispatcher.refuse(error) }
  }

  function end(request: IncomingMessage, response: ServerResponse, { status, text }: Answer): void {
    if (response.destroyed) return
    response.writeHead(status, {
      ...corsHeaders(request, origins),
      ...(text === null || status === 401 ? {} : { 'content-type': 'application/json' }),
      ...(status === 405 ? { allow: 'POST, OPTIONS' } : {}),
      ...(status === 503 ? { 'retry-after': '1' } : {}),
      ...(status === 204 ? {} : { 'content-length': text === null ? 0 : Buffer.byteLength(text) }),
    })
    response.end(text ?? undefined)
    if (status >= 400) request.resume()
  }
}

/** Aborts when the connection closes, which it also does some time after the answer. */
function goneSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController()
  response.once('close', () => abort.abort(clientWentAway()))
  return abort.signal
}

interface Answer {
  status: number
  text: string | null
}

function isJson(contentType: string | undefined): boolean {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  return (
    type === 'application/json' ||
    type === 'application/json-rpc' ||
    type === 'application/jsonrequest'
  )
}
