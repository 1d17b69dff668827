import type { Hex } from '@quoin/kernel'
import { z } from 'zod'
import type { Admission, CallRequest } from '../interface.ts'
import type { Store } from '../store/store.ts'
import { plainRefusal } from './offers.ts'

const Headers = z.record(z.string(), z.string())
const maxKeyLength = 255

export type Start = { kind: 'first'; done: () => void } | { kind: 'settled'; admission: Admission }

/** What must be the same for an answer to be given again: the body, the service and the path. */
export function requestNameOf({ requestHash, serviceId, resource }: CallRequest): string {
  // The host is what the client wrote into its header, which need not be a URL's.
  return `${requestHash} ${serviceId} ${resource.url.replace(/^\w+:\/\/[^/]*/, '')}`
}

/**
 * Idempotency keys, per key that signs payments (a channel's payer is only named in its configuration, so a
 * stranger can name any): the same key and request give the stored answer again, for free; a retry
 * that comes while the first call still runs waits for it.
 */
export class Answers {
  readonly #store: Store
  readonly #running = new Map<string, { request: string; ended: Promise<void> }>()

  constructor(store: Store) {
    this.#store = store
  }

  async start(signer: Hex, call: CallRequest): Promise<Start> {
    const key = call.idempotencyKey
    if (key === undefined) return { kind: 'first', done: () => {} }
    if (key.length === 0 || key.length > maxKeyLength)
      return settled(
        plainRefusal(
          400,
          'invalid_idempotency_key',
          `Idempotency-Key has 1 to ${maxKeyLength} characters`,
        ),
      )
    const name = `${signer} ${key}`
    const request = requestNameOf(call)
    for (;;) {
      const running = this.#running.get(name)
      if (running === undefined) break
      if (running.request !== request) return settled(clash())
      await Promise.race([running.ended, aborted(call.signal)])
      if (call.signal.aborted) return settled(clientGone())
    }
    // Synchronous from here to the registration: no other call with this key can slip in between.
    const stored = this.#store.reads.answer(signer, key)
    if (stored) return settled(replay(stored, request))
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    this.#running.set(name, { request, ended })
    const done = (): void => {
      this.#running.delete(name)
      resolve()
    }
    return { kind: 'first', done }
  }
}

interface StoredAnswer {
  request_hash: string
  status: number
  headers: string
  body: Uint8Array
}

function replay(answer: StoredAnswer, request: string): Admission {
  if (answer.request_hash !== request) return clash()
  const headers = { ...Headers.parse(JSON.parse(answer.headers)), 'idempotency-replayed': 'true' }
  return { kind: 'replayed', status: answer.status, headers, body: answer.body }
}

function settled(admission: Admission): Start {
  return { kind: 'settled', admission }
}

function clash(): Admission {
  return plainRefusal(
    422,
    'idempotency_key_reused',
    'This Idempotency-Key was used with another request; take a new key for a new request',
  )
}

function clientGone(): Admission {
  return plainRefusal(499, 'client_gone', 'The client went away while an earlier call still ran')
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
