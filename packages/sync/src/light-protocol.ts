import { CodedError } from '@quoin/kernel'
import type { LightErrorCode, LightProvider } from '@quoin/light'
import { collectResponse, type Network, type PeerId, type Protocol } from '@quoin/network'
import { type AnswerTimes, defaultTimes } from './answer-times.ts'

/** What answers `quoin_…` methods: the same as for JSON-RPC clients. */
export type LightMethods = Record<
  string,
  (params: readonly unknown[], context: { signal: AbortSignal }) => Promise<unknown>
>

/** Light clients' methods between peers: a request and its answer are JSON texts. */
export interface LightProtocol {
  serve(methods: LightMethods): () => void
  providerOf(peer: PeerId): LightProvider
}

const maxAnswerBytes = 8 * 1024 * 1024

export function openLightProtocol(
  network: Network,
  times: AnswerTimes = defaultTimes,
): LightProtocol {
  const protocol = network.protocol('light', {
    maxRequestBytes: 256,
    maxChunkBytes: maxAnswerBytes,
    maxResponseBytes: maxAnswerBytes,
    maxConcurrent: 16,
  })
  return {
    serve: (methods) =>
      protocol.serve(async function* (request, { peer, signal }) {
        const call = parseCall(request)
        const method = call && Object.hasOwn(methods, call.method) ? methods[call.method] : null
        if (!call || !method) return network.report(peer, 'invalid')
        yield encode(await answer(() => method(call.params, { signal })))
      }),
    providerOf: (peer) => ({
      name: `peer ${peer}`,
      request: (method, params, { signal }) =>
        ask(protocol, peer, { method, params }, { signal, ...times }),
    }),
  }
}

async function answer(run: () => Promise<unknown>) {
  try {
    return { result: (await run()) ?? null }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return { error: error.message }
  }
}

async function ask(
  protocol: Protocol,
  peer: PeerId,
  call: { method: string; params: readonly unknown[] },
  { signal, timeoutMs, deadlineMs }: AnswerTimes & { signal: AbortSignal },
): Promise<unknown> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
  try {
    const options = { signal: either, timeoutMs }
    const bytes = await collectResponse(protocol.request(peer, encode(call), options))
    return resultOf(JSON.parse(new TextDecoder().decode(bytes)))
  } catch (cause) {
    signal.throwIfAborted()
    const why = cause instanceof Error ? cause.message : String(cause)
    const message = `Peer ${peer} failed at ${call.method}: ${why}`
    throw new CodedError<LightErrorCode>('SERVER_FAILED', message, { cause })
  }
}

function resultOf(reply: unknown): unknown {
  if (typeof reply === 'object' && reply !== null) {
    if ('result' in reply) return reply.result
    if ('error' in reply && typeof reply.error === 'string')
      throw new Error(`it says "${reply.error.slice(0, 200)}"`)
  }
  throw new Error('its answer is none')
}

function parseCall(bytes: Uint8Array): { method: string; params: readonly unknown[] } | null {
  try {
    const call: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof call !== 'object' || call === null) return null
    if (!('method' in call) || typeof call.method !== 'string') return null
    if (!('params' in call) || !Array.isArray(call.params)) return null
    return { method: call.method, params: call.params }
  } catch {
    return null
  }
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
