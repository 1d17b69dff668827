import { CodedError } from '@quoin/kernel'
import { rpcError } from '../errors.ts'
import { type MethodTable, method } from '../methods/context.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { errorToMessage, messageToError } from './messages.ts'

/**
 * Answers one JSON-RPC method on the owner's thread. Gives plain JSON; a CodedError reaches the caller
 * with its number (`INVALID_PARAMS`, …) and message, any other error as "internal error".
 */
export type OwnerMethod = (
  params: readonly unknown[],
  options: { signal: AbortSignal },
) => Promise<unknown>

export type OwnerMethods = Readonly<Record<string, OwnerMethod>>

/** Arguments that such a method may get, and how many may be waiting for the owner's thread. */
const mostParams = 8
const mostWaiting = 128

type Question = Extract<FromWorker, { type: 'ask' }>
type Answer = Extract<ToWorker, { type: 'answer' | 'refusal' }>

/** The worker's end: methods that ask the owner's thread. */
export class OwnerMethodsClient {
  readonly table: MethodTable
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #post: (message: FromWorker) => void
  #lastId = 0

  constructor(names: readonly string[], post: (message: FromWorker) => void) {
    this.#post = post
    this.table = Object.fromEntries(
      names.map((name) => [
        name,
        method(mostParams, (params, { signal }) => this.#ask(name, params, signal)),
      ]),
    )
  }

  receive(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    if (!waiting) return
    if (answer.type === 'answer') waiting.resolve(answer.value)
    else waiting.reject(messageToError(answer.error))
  }

  async #ask(name: string, params: readonly unknown[], signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted()
    if (this.#waiting.size >= mostWaiting)
      throw rpcError('LIMIT_EXCEEDED', `too many requests: ${mostWaiting} wait for this node`)
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<unknown>()
    const cancel = () => {
      this.#post({ type: 'unask', id })
      waiting.reject(signal.reason)
    }
    this.#waiting.set(id, waiting)
    signal.addEventListener('abort', cancel, { once: true })
    this.#post({ type: 'ask', id, method: name, params })
    try {
      return await waiting.promise
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#waiting.delete(id)
    }
  }
}

/** The owner's end: runs what is asked. */
export class OwnerMethodsServer {
  readonly #methods: OwnerMethods
  readonly #post: (message: ToWorker) => void
  readonly #running = new Map<number, AbortController>()

  constructor(methods: OwnerMethods, post: (message: ToWorker) => void) {
    this.#methods = methods
    this.#post = post
  }

  async receive({ id, method: name, params }: Question): Promise<void> {
    const abort = new AbortController()
    this.#running.set(id, abort)
    try {
      const run = this.#methods[name]
      if (!run) throw new CodedError('METHOD_NOT_FOUND', `the method ${name} is not available`)
      this.#post({ type: 'answer', id, value: await run(params, { signal: abort.signal }) })
    } catch (error) {
      this.#post({ type: 'refusal', id, error: errorToMessage(error) })
    } finally {
      this.#running.delete(id)
    }
  }

  cancel(id: number): void {
    this.#running.get(id)?.abort()
  }

  cancelAll(): void {
    for (const abort of this.#running.values()) abort.abort()
  }
}
