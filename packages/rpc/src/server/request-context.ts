import type { Execution } from '@quoin/execution'
import type { Logger } from '@quoin/kernel'
import type { FilterStore } from '../filters/filter-store.ts'
import type { MethodContext } from '../methods/context.ts'
import type { Subscriptions } from '../subscriptions/subscriptions.ts'
import type { RpcLimits } from './limits.ts'

/** Who asks: a connection, as far as methods care. */
export interface Caller {
  /** Null over HTTP. */
  readonly subscriptions: Subscriptions | null
  /** Aborts when the connection is gone. Asked for only by methods that take long. */
  gone(): AbortSignal
}

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
  readonly #caller: Caller
  #abort: AbortController | null = null
  #signal: AbortSignal | null = null

  constructor(server: ServerContext, caller: Caller) {
    this.#server = server
    this.#caller = caller
  }

  get subscriptions() {
    return this.#caller.subscriptions
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
    this.#signal ??= AbortSignal.any([
      this.#server.stopping,
      this.#abort.signal,
      this.#caller.gone(),
    ])
    return this.#signal
  }

  abort(reason: unknown): void {
    this.#abort?.abort(reason)
  }
}
