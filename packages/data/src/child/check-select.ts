import type { DuckDBConnection } from '@duckdb/node-api'
import { CodedError } from '@quoin/kernel'
import type { DataErrorCode } from '../errors.ts'
import { literal } from '../sql.ts'

const maxSqlLength = 100_000
/** What makes rows of its arguments alone. Others read files, settings, or run SQL that was not looked at. */
const tableFunctions = new Set([
  'range',
  'generate_series',
  'unnest',
  'repeat',
  'json_each',
  'json_tree',
])
/** They tell of this machine, or run for as long as they like. */
const machineFunctions = new Set(['current_setting', 'sleep_ms', 'write_log', 'getvariable'])

/**
 * Refuses all but one SELECT on the given tables. With `unstable`, functions whose answer may be another next
 * time are refused too. @throws CodedError `INVALID_QUERY`, `FORBIDDEN_QUERY`
 */
export async function checkSelect(
  connection: DuckDBConnection,
  sql: string,
  unstable: ReadonlySet<string> | null,
): Promise<void> {
  if (sql.length > maxSqlLength)
    throw new CodedError<DataErrorCode>(
      'INVALID_QUERY',
      `A query has at most ${maxSqlLength} characters`,
    )
  const tree = await parse(connection, sql)
  visit(tree, (node) => {
    const isTableFunction = node.type === 'TABLE_FUNCTION'
    const name = functionNameOf(isTableFunction ? node.function : node)
    if (isTableFunction && !tableFunctions.has(name))
      throw forbidden(`${name || 'this table function'} reads more than the tables of the query`)
    if (machineFunctions.has(name)) throw forbidden(`${name} is not for queries`)
    if (unstable?.has(name) || (unstable && isSample(node)))
      throw forbidden(
        `${name || 'a sample'} gives another answer each time, so nobody could make the result again. Use a split with a seed, or md5 of a column`,
      )
  })
}

/** @returns names of functions that do not depend on their arguments alone */
export async function readUnstableFunctions(connection: DuckDBConnection): Promise<Set<string>> {
  const reader = await connection.runAndReadAll(
    "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT' AND function_name <> 'error'",
  )
  const named = reader.getRows().map((row) => String(row[0]))
  return new Set([
    ...named,
    'current_timestamp',
    'current_date',
    'current_time',
    'localtime',
    'localtimestamp',
  ])
}

async function parse(connection: DuckDBConnection, sql: string): Promise<unknown> {
  const reader = await connection.runAndReadAll(`SELECT json_serialize_sql(${literal(sql)})`)
  const result = JSON.parse(String(reader.getRows()[0]?.[0]))
  if (result.error === true) {
    if (result.error_type === 'not implemented') throw forbidden('only SELECT is for queries')
    throw new CodedError<DataErrorCode>('INVALID_QUERY', `SQL: ${String(result.error_message)}`)
  }
  if (result.statements.length !== 1)
    throw forbidden(`one SELECT at a time, here are ${result.statements.length}`)
  return result.statements[0]
}

type Node = Record<string, unknown>

function visit(value: unknown, look: (node: Node) => void): void {
  const waiting = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null) continue
    if (!Array.isArray(next)) look({ ...next })
    waiting.push(...Object.values(next))
  }
}

/** Some, as current_timestamp, look like columns. */
function functionNameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  if ('function_name' in value) return String(value.function_name).toLowerCase()
  if (
    'column_names' in value &&
    Array.isArray(value.column_names) &&
    value.column_names.length === 1
  )
    return String(value.column_names[0]).toLowerCase()
  return ''
}

function isSample(node: Node): boolean {
  return typeof node.sample === 'object' && node.sample !== null
}

function forbidden(what: string): CodedError<DataErrorCode> {
  return new CodedError<DataErrorCode>('FORBIDDEN_QUERY', `The query is refused: ${what}`)
}
