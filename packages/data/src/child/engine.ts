import { join } from 'node:path'
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBResult,
  type DuckDBValueConverter,
  JsonDuckDBValueConverter,
} from '@duckdb/node-api'
import { CodedError } from '@quoin/kernel'
import type { DataErrorCode } from '../errors.ts'
import type { TableFormat } from '../format.ts'
import type { SessionLimits } from '../limits.ts'
import { identifier, literal } from '../sql.ts'
import type { Cell, Column } from '../table.ts'
import { checkSelect, readUnstableFunctions } from './check-select.ts'
import { describeQueryError } from './describe-error.ts'
import { loadSource, type Source } from './load-source.ts'
import { type Part, ValueReader } from './read-values.ts'

export interface EngineOptions {
  /** A folder of this engine alone: what does not fit into memory, and what is exported. */
  directory: string
  sources: Readonly<Record<string, Source>>
  as: 'table' | 'documents'
  /** One thread, and no function whose answer may be another next time. */
  isDeterministic: boolean
  limits: SessionLimits
}

/** DuckDB with tables from files, shut to everything else before the first query of a user. */
export class Engine {
  readonly #connection: DuckDBConnection
  readonly #unstable: ReadonlySet<string> | null
  readonly #exports: string
  #open: { result: DuckDBResult; documents: readonly number[]; left: number } | null = null
  #values: ValueReader | null = null

  static async open(options: EngineOptions): Promise<Engine> {
    const { directory, sources, as, isDeterministic, limits } = options
    const instance = await DuckDBInstance.create(':memory:', {
      threads: isDeterministic ? '1' : '2',
      memory_limit: `${limits.memoryBytes} B`,
      temp_directory: join(directory, 'spill'),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    })
    const connection = await instance.connect()
    // As an option of the instance it has no effect.
    await connection.run(`SET max_temp_directory_size = '${limits.diskBytes} B'`)
    for (const [name, source] of Object.entries(sources))
      await loadSource(connection, name, source, as)
    const unstable = isDeterministic ? await readUnstableFunctions(connection) : null
    const exports = join(directory, 'exports')
    await connection.run(`SET allowed_directories = [${literal(exports)}]`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    return new Engine(connection, unstable, exports)
  }

  private constructor(
    connection: DuckDBConnection,
    unstable: ReadonlySet<string> | null,
    exports: string,
  ) {
    this.#connection = connection
    this.#unstable = unstable
    this.#exports = exports
  }

  /** Begins to answer; `rows` gives what comes. */
  query(sql: string, maxRows: number): Promise<Column[]> {
    return this.#asQuery(async () => {
      await checkSelect(this.#connection, sql, this.#unstable)
      const result = await this.#connection.stream(sql)
      const columns = columnsOf(result)
      const documents = columns.flatMap(({ type }, index) => (type === 'JSON' ? [index] : []))
      this.#open = { result, documents, left: maxRows }
      return columns
    })
  }

  /** @returns null after the last row @throws CodedError `LIMIT_EXCEEDED` when there are more than asked for */
  rows(): Promise<Cell[][] | null> {
    return this.#asQuery(async () => {
      const chunk = await this.#open?.result.fetchChunk()
      if (!this.#open || !chunk || chunk.rowCount === 0) return null
      this.#open.left -= chunk.rowCount
      if (this.#open.left < 0)
        throw new CodedError<DataErrorCode>(
          'LIMIT_EXCEEDED',
          'The query gives more rows than it may. Add a LIMIT, or raise the limit of rows',
        )
      const rows = chunk.convertRows(toCell)
      for (const index of this.#open.documents) for (const row of rows) parseDocument(row, index)
      return rows
    })
  }

  /** Begins to give a table by columns. @returns their names */
  openValues(table: string): Promise<string[]> {
    return this.#asQuery(async () => {
      this.#values = await ValueReader.open(this.#connection, table)
      return this.#values.names
    })
  }

  /** @returns null after the last part */
  values(): Promise<Part[] | null> {
    return this.#asQuery(async () => (await this.#values?.next()) ?? null)
  }

  /** Keeps the rows of a query as a table that later queries can name. */
  createTable(name: string, sql: string): Promise<void> {
    return this.#asQuery(async () => {
      await checkSelect(this.#connection, sql, this.#unstable)
      await this.#connection.run(`CREATE TABLE ${identifier(name)} AS ${sql}`)
    })
  }

  /** Runs SQL of this package's own. */
  run(sql: string): Promise<Cell[][]> {
    return this.#asQuery(async () => {
      const reader = await this.#connection.runAndReadAll(sql)
      return reader.convertRows(toCell)
    })
  }

  columns(table: string): Promise<Column[]> {
    return this.#asQuery(async () =>
      columnsOf(await this.#connection.stream(`SELECT * FROM ${identifier(table)} LIMIT 0`)),
    )
  }

  /** Writes a table into a file of the exports' folder. */
  export(table: string, file: string, format: TableFormat): Promise<void> {
    const options: Readonly<Record<TableFormat, string>> = {
      csv: 'FORMAT csv, HEADER true',
      tsv: "FORMAT csv, HEADER true, DELIMITER '\t'",
      jsonl: 'FORMAT json',
      parquet: 'FORMAT parquet, COMPRESSION zstd',
    }
    const path = literal(join(this.#exports, file))
    return this.#asQuery(async () => {
      await this.#connection.run(`COPY ${identifier(table)} TO ${path} (${options[format]})`)
    })
  }

  async #asQuery<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw describeQueryError(error)
    }
  }
}

function columnsOf(result: DuckDBResult): Column[] {
  return result.deduplicatedColumnNames().map((name, index) => {
    const type = result.columnType(index)
    return { name, type: type.alias ?? String(type) }
  })
}

function parseDocument(row: Cell[], index: number): void {
  const text = row[index]
  if (typeof text === 'string') row[index] = JSON.parse(text)
}

/** DuckDB's JSON form, with numbers where they are exact. */
const toCell: DuckDBValueConverter<Cell> = (value, type, convert) => {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  return JsonDuckDBValueConverter(value, type, convert)
}
