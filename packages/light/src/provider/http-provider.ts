import { lightError } from '../errors.ts'
import type { LightProvider } from './interface.ts'

export interface HttpProviderOptions {
  fetch?: typeof globalThis.fetch
  /** For one request, in milliseconds. */
  timeoutMs?: number
  /** The most that one answer may have. */
  maxBytes?: number
}

/**
 * A node's JSON-RPC over HTTP.
 * Its requests reject with CodedError `SERVER_FAILED`: unreachable, too slow, too large, or an error of the node;
 * `detail.reason` is METHOD_UNKNOWN where the node has no such method.
 */
export function httpProvider(url: string, options: HttpProviderOptions = {}): LightProvider {
  const { fetch = globalThis.fetch, timeoutMs = 15_000, maxBytes = 32 * 1024 * 1024 } = options
  let lastId = 0
  return {
    name: url,
    async request(method, params, { signal }) {
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: ++lastId, method, params }),
          signal: AbortSignal.any([signal, timeout]),
        })
        return resultOf(JSON.parse(await readText(response, maxBytes)))
      } catch (cause) {
        signal.throwIfAborted()
        const why = timeout.aborted
          ? `no answer within ${timeoutMs} ms`
          : cause instanceof Error
            ? cause.message
            : String(cause)
        const detail = cause instanceof UnknownMethod ? { reason: 'METHOD_UNKNOWN' } : {}
        throw lightError('SERVER_FAILED', `${url} failed at ${method}: ${why}`, { detail, cause })
      }
    },
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of chunksOf(response)) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`its answer has more than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (!body) return
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** Of JSON-RPC 2.0. */
const methodUnknown = -32601

class UnknownMethod extends Error {}

function resultOf(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) throw new Error('its answer is no JSON-RPC')
  if ('error' in answer && answer.error) {
    const { error } = answer
    const message = typeof error === 'object' && 'message' in error ? error.message : error
    const says = `it says "${String(message).slice(0, 300)}"`
    const isUnknown = typeof error === 'object' && 'code' in error && error.code === methodUnknown
    throw isUnknown ? new UnknownMethod(says) : new Error(says)
  }
  if (!('result' in answer)) throw new Error('its answer has no result')
  return answer.result
}
