import { gatewayError } from '../errors.ts'

/** Counts running calls: refuses what is over the limit, and lets a stop wait for the last one. */
export class CallGate {
  readonly #limit: number
  readonly #running = new Set<AbortController>()
  readonly #idle = Promise.withResolvers<void>()
  #stopping = false

  constructor(limit: number) {
    this.#limit = limit
  }

  get running(): number {
    return this.#running.size
  }

  get stopping(): boolean {
    return this.#stopping
  }

  /** @throws CodedError `OVERLOADED` or `STOPPING`. Call `leave` with the same controller at the end. */
  enter(call: AbortController): void {
    if (this.#stopping)
      throw gatewayError('STOPPING', 'The gateway is stopping and takes no new calls')
    if (this.#running.size >= this.#limit)
      throw gatewayError(
        'OVERLOADED',
        `The gateway runs ${this.#limit} calls already; try again after the time in Retry-After`,
      )
    this.#running.add(call)
  }

  leave(call: AbortController): void {
    this.#running.delete(call)
    this.#settle()
  }

  /** Refuses new calls; resolves when none is running. Aborting `signal` aborts those that still run. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true
    const abortAll = () => {
      for (const call of this.#running)
        call.abort(gatewayError('STOPPING', 'The gateway stopped before the call ended'))
    }
    if (signal.aborted) abortAll()
    signal.addEventListener('abort', abortAll, { once: true })
    this.#settle()
    await this.#idle.promise
    signal.removeEventListener('abort', abortAll)
  }

  #settle(): void {
    if (this.#stopping && this.#running.size === 0) this.#idle.resolve()
  }
}
