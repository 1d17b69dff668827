import { randomBytes } from 'node:crypto'
import type { Execution } from '@quoin/execution'
import { bytesToHex, type Hex, type Logger } from '@quoin/kernel'
import { rpcError, serverError } from '../errors.ts'
import type { LogFilter } from '../params/log-filter.ts'
import { logsOfEvent } from './match-logs.ts'

export type FilterKind =
  | { type: 'blocks' }
  | { type: 'pending transactions' }
  | { type: 'logs'; filter: LogFilter }

interface Filter {
  kind: FilterKind
  changes: unknown[]
  lastUsedMs: number
}

export interface FilterStoreOptions {
  /** Filters that live at once. */
  maxFilters: number
  /** Changes one filter may collect before it is dropped. */
  maxChanges: number
  /** A filter that nobody polls for so long is dropped. */
  idleMs: number
  logger: Logger
}

const unknownFilter = 'filter not found'

/** Filters that clients poll (eth_newFilter and its kin), shared by all connections of a server. */
export class FilterStore implements Disposable {
  readonly #filters = new Map<Hex, Filter>()
  readonly #options: FilterStoreOptions
  readonly #stop: (() => void)[]

  constructor(execution: Execution, options: FilterStoreOptions) {
    this.#options = options
    const timer = setInterval(() => this.#dropIdle(), options.idleMs / 4)
    timer.unref()
    this.#stop = [
      execution.onHead((event) => {
        this.#collect('blocks', () => event.added.map(({ block }) => block.header.hash))
        this.#collect('logs', ({ kind }) =>
          kind.type === 'logs' ? logsOfEvent(event, kind.filter) : [],
        )
      }),
      execution.pool.onPending(({ hash }) => this.#collect('pending transactions', () => [hash])),
      () => clearInterval(timer),
    ]
  }

  add(kind: FilterKind): Hex {
    if (this.#filters.size >= this.#options.maxFilters)
      throw rpcError(
        'LIMIT_EXCEEDED',
        `too many filters: at most ${this.#options.maxFilters} at once`,
      )
    const id = bytesToHex(randomBytes(16))
    this.#filters.set(id, { kind, changes: [], lastUsedMs: performance.now() })
    return id
  }

  remove(id: Hex): boolean {
    return this.#filters.delete(id)
  }

  /** What came since the last poll. @throws CodedError SERVER "filter not found" */
  takeChanges(id: Hex): unknown[] {
    const filter = this.#touch(id)
    const { changes } = filter
    filter.changes = []
    return changes
  }

  logFilter(id: Hex): LogFilter {
    const { kind } = this.#touch(id)
    if (kind.type !== 'logs') throw serverError(unknownFilter)
    return kind.filter
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stop) stop()
    this.#filters.clear()
  }

  #touch(id: Hex): Filter {
    const filter = this.#filters.get(id)
    if (!filter) throw serverError(unknownFilter)
    filter.lastUsedMs = performance.now()
    return filter
  }

  #collect(type: FilterKind['type'], changesFor: (filter: Filter) => unknown[]): void {
    for (const [id, filter] of this.#filters) {
      if (filter.kind.type !== type) continue
      filter.changes.push(...changesFor(filter))
      if (filter.changes.length <= this.#options.maxChanges) continue
      this.#filters.delete(id)
      this.#options.logger.warn(
        { type, changes: filter.changes.length },
        'Dropped a filter that nobody polls',
      )
    }
  }

  #dropIdle(): void {
    const deadline = performance.now() - this.#options.idleMs
    for (const [id, filter] of this.#filters)
      if (filter.lastUsedMs < deadline) this.#filters.delete(id)
  }
}
