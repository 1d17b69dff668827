import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Call } from '../child/calls.ts'
import type { Source } from '../child/load-source.ts'
import type { TableFormat } from '../format.ts'
import { defaultLimits, type SessionLimits } from '../limits.ts'
import type { Cell, Column } from '../table.ts'
import { cellsSchema, columnsSchema, namesSchema, nothingSchema, partsSchema } from './answers.ts'
import { EngineProcess } from './engine-process.ts'
import { collectTable, type TableValues } from './read-table.ts'

export type { Source }

export interface SessionOptions {
  /** Files by the names under which queries know them: a letter, then letters, digits and `_`. */
  sources: Readonly<Record<string, Source>>
  /** `documents`: each source has one column, `document`, of JSON. */
  as?: 'table' | 'documents'
  /** The same rows in the same order each time; queries that cannot promise that are refused. */
  isDeterministic?: boolean
  limits?: Partial<SessionLimits>
  /** Where a folder for what does not fit into memory is made. Default: the system's. */
  directory?: string
  signal?: AbortSignal
}

export interface Answer {
  columns: Column[]
  /** In parts; may be read once. */
  rows: AsyncIterable<Cell[][]>
}

/** SQL over files, in a process of its own that can reach nothing but those files. */
export interface Session extends AsyncDisposable {
  /** One SELECT. @throws CodedError `INVALID_QUERY`, `FORBIDDEN_QUERY`, `LIMIT_EXCEEDED` */
  query(sql: string): Promise<Answer>
  /** Keeps the rows of a SELECT as a table. @throws CodedError as `query` */
  createTable(name: string, sql: string): Promise<void>
  columns(table: string): Promise<Column[]>
  /** A table whole, by columns. @throws CodedError `INVALID_QUERY`, `LIMIT_EXCEEDED` */
  read(table: string): Promise<TableValues>
  /** Writes a table into a file that lives as long as the session. @throws CodedError `LIMIT_EXCEEDED` */
  export(table: string, format: TableFormat): Promise<string>
  /** SQL that is not a user's. */
  run(sql: string): Promise<Cell[][]>
}

/**
 * Reads the sources whole.
 * @throws CodedError `INVALID_FILE`, `LIMIT_EXCEEDED`, `ENGINE_FAILED`
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { sources, as = 'table', isDeterministic = false, signal } = options
  const limits = { ...defaultLimits, ...options.limits }
  const directory = await mkdtemp(join(options.directory ?? tmpdir(), 'quoin-query-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  await mkdir(join(directory, 'exports'))
  const engine = stack.use(new EngineProcess())
  const call = <T>(request: Call, schema: z.ZodType<T>): Promise<T> =>
    engine
      .call(request, { timeoutMs: limits.queryMs, signal })
      .then((result) => schema.parse(result))
  await engine.call(
    { method: 'open', directory, sources, as, isDeterministic, limits },
    { timeoutMs: limits.queryMs, signal },
  )
  return createSession({ call, directory, maxRows: limits.rows, owned: stack.move() })
}

interface Parts {
  call: <T>(request: Call, schema: z.ZodType<T>) => Promise<T>
  directory: string
  maxRows: number
  owned: AsyncDisposableStack
}

function createSession({ call, directory, maxRows, owned }: Parts): Session {
  async function* rows() {
    while (true) {
      const part = await call({ method: 'rows' }, cellsSchema.nullable())
      if (!part) return
      yield part
    }
  }
  async function* parts() {
    while (true) {
      const part = await call({ method: 'values' }, partsSchema.nullable())
      if (!part) return
      yield part
    }
  }
  let exports = 0
  return {
    query: async (sql) => ({
      columns: await call({ method: 'query', sql, maxRows }, columnsSchema),
      rows: rows(),
    }),
    async createTable(name, sql) {
      await call({ method: 'createTable', name, sql }, nothingSchema)
    },
    columns: (table) => call({ method: 'columns', table }, columnsSchema),
    async read(table) {
      const names = await call({ method: 'openValues', table }, namesSchema)
      return collectTable(names, parts(), maxRows)
    },
    async export(table, format) {
      const file = `${exports++}.${format}`
      await call({ method: 'export', table, file, format }, nothingSchema)
      return join(directory, 'exports', file)
    },
    run: (sql) => call({ method: 'run', sql }, cellsSchema),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
