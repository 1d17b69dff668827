import type { Execution } from '@quoin/execution'
import type { Logger } from '@quoin/kernel'
import type { FilterStore } from '../filters/filter-store.ts'
import type { MethodContext } from '../methods/context.ts'
import type { Subscriptions } from '../subscriptions/subscriptions.ts'
import type { RpcLimits } from './limits.ts'

/** What all requests of a server share. */
export interface ServerContext {
  readonly execution: Execution
  readonly limits: RpcLimits
  readonly filters: FilterStore
  readonly clientVersion: string
  readonly logger: Logger
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal
}

/** One request's view. Its signal is made only when a method asks for it: most never do. */
export class RequestContext implements MethodContext {
  readonly #server: ServerContext
  readonly subscriptions: Subscriptions | null
  #abort: AbortController | null = null
  #signal: AbortSignal | null = null

  constructor(server: ServerContext, subscriptions: Subscriptions | null) {
    this.#server = server
    this.subscriptions = subscriptions
  }

  get execution() {
    return this.#server.execution
  }

  get limits() {
    return this.#server.limits
  }

  get filters() {
    return this.#server.filters
  }

  get clientVersion() {
    return this.#server.clientVersion
  }

  get logger() {
    return this.#server.logger
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    this.#signal ??= AbortSignal.any([this.#server.stopping, this.#abort.signal])
    return this.#signal
  }

  abort(reason: unknown): void {
    this.#abort?.abort(reason)
  }
}
