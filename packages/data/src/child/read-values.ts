import {
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBListValue,
  type DuckDBResult,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api'
import { CodedError } from '@quoin/kernel'
import type { DataErrorCode } from '../errors.ts'
import { identifier } from '../sql.ts'

/** A part of a column: numbers, texts, or the numbers of equally long lists after each other. */
export type Part = Float64Array | string[] | { length: number; data: Float32Array }

const numberTypes: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UHUGEINT,
  DuckDBTypeId.FLOAT,
  DuckDBTypeId.DOUBLE,
  DuckDBTypeId.DECIMAL,
])

/** The rows of a table column by column, in parts. Missing numbers are NaN, missing texts ''. */
export class ValueReader {
  readonly #result: DuckDBResult
  readonly names: string[]

  static async open(connection: DuckDBConnection, table: string): Promise<ValueReader> {
    const from = identifier(table)
    const head = await connection.stream(`SELECT * FROM ${from} LIMIT 0`)
    const casts = head
      .columnNames()
      .map((name, index) => `${castOf(name, head.columnType(index))} AS ${identifier(name)}`)
    return new ValueReader(await connection.stream(`SELECT ${casts.join(', ')} FROM ${from}`))
  }

  private constructor(result: DuckDBResult) {
    this.#result = result
    this.names = result.columnNames()
  }

  /** @returns null after the last @throws CodedError `INVALID_QUERY` for lists of differing lengths */
  async next(): Promise<Part[] | null> {
    const chunk = await this.#result.fetchChunk()
    if (!chunk || chunk.rowCount === 0) return null
    return this.names.map((name, index) => partOf(chunk, index, name))
  }
}

function castOf(name: string, type: DuckDBType): string {
  const column = identifier(name)
  if (type.typeId === DuckDBTypeId.LIST) return `CAST(${column} AS FLOAT[])`
  if (type.typeId === DuckDBTypeId.ARRAY) return `CAST(CAST(${column} AS FLOAT[]) AS FLOAT[])`
  return numberTypes.has(type.typeId) ? `CAST(${column} AS DOUBLE)` : `CAST(${column} AS VARCHAR)`
}

function partOf(chunk: DuckDBDataChunk, index: number, name: string): Part {
  const values = chunk.getColumnValues(index)
  const { typeId } = chunk.getColumnVector(index).type
  if (typeId === DuckDBTypeId.DOUBLE)
    return Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)))
  if (typeId === DuckDBTypeId.VARCHAR)
    return values.map((value) => (value === null ? '' : String(value)))
  return flatten(values, name)
}

function flatten(values: readonly unknown[], name: string): Part {
  const lists = values.map((value) => (value instanceof DuckDBListValue ? value.items : []))
  const length = lists[0]?.length ?? 0
  if (length === 0 || lists.some((list) => list.length !== length))
    throw new CodedError<DataErrorCode>(
      'INVALID_QUERY',
      `The lists in ${name} differ in length, or one is missing. All rows of a tensor have the same shape`,
    )
  const data = new Float32Array(length * lists.length)
  for (const [row, list] of lists.entries())
    for (const [at, item] of list.entries())
      data[row * length + at] = item === null ? Number.NaN : Number(item)
  return { length, data }
}
