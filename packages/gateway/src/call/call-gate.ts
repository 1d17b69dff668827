import { gatewayError } from '../errors.ts'

/** So many times the limit may be present, waiting to be admitted, before newcomers are refused. */
const presentPerRunning = 8

/**
 * Counts calls: refuses what is over the limit, and lets a stop wait for the last one. Those that wait for
 * their payment to be decided take no place from those that run, which are paid.
 */
export class CallGate {
  readonly #limit: number
  readonly #present = new Set<AbortController>()
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
    if (this.#present.size >= this.#limit * presentPerRunning) throw this.#overloaded()
    this.#present.add(call)
  }

  /** The call was admitted and is about to run. @throws CodedError `OVERLOADED` */
  begin(call: AbortController): void {
    if (this.#running.size >= this.#limit) throw this.#overloaded()
    this.#running.add(call)
  }

  #overloaded(): Error {
    const what = `The gateway runs ${this.#limit} calls already; try again after the time in Retry-After`
    return gatewayError('OVERLOADED', what)
  }

  leave(call: AbortController): void {
    this.#present.delete(call)
    this.#running.delete(call)
    this.#settle()
  }

  /** Refuses new calls; resolves when none is left. Aborting `signal` aborts those that still run. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping = true
    const abortAll = () => {
      for (const call of this.#present)
        call.abort(gatewayError('STOPPING', 'The gateway stopped before the call ended'))
    }
    if (signal.aborted) abortAll()
    signal.addEventListener('abort', abortAll, { once: true })
    this.#settle()
    await this.#idle.promise
    signal.removeEventListener('abort', abortAll)
  }

  #settle(): void {
    if (this.#stopping && this.#present.size === 0) this.#idle.resolve()
  }
}
