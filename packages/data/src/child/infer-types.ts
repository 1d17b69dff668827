import type { DuckDBConnection } from '@duckdb/node-api'
import { identifier, literal } from '../sql.ts'

/**
 * Which texts of a CSV column make it of a type: all that are there must. What begins with a zero, as a
 * postal code, is no number.
 */
const candidates = [
  { type: 'BIGINT', pattern: '-?(0|[1-9][0-9]*)' },
  {
    type: 'DOUBLE',
    pattern:
      '[+-]?(((0|[1-9][0-9]*)(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?|[nN]a[nN]|[iI]nf(inity)?)',
  },
  { type: 'BOOLEAN', pattern: '[tT]rue|TRUE|[fF]alse|FALSE' },
  { type: 'DATE', pattern: '[0-9]{4}-[0-9]{2}-[0-9]{2}' },
  {
    type: 'TIMESTAMP',
    pattern: '[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?',
  },
]

/** Columns read as text, as the expressions of the types that all of their values have. */
export async function inferTypes(
  connection: DuckDBConnection,
  table: string,
  names: readonly string[],
): Promise<string[]> {
  const left = new Set(names)
  const types = new Map<string, string>()
  for (const { type, pattern } of candidates) {
    if (left.size === 0) break
    const tested = [...left]
    const tests = tested.map((name) => fits(name, type, pattern)).join(', ')
    const reader = await connection.runAndReadAll(`SELECT ${tests} FROM ${identifier(table)}`)
    const row = reader.getRows()[0] ?? []
    for (const [index, name] of tested.entries())
      if (row[index] === true) {
        types.set(name, type)
        left.delete(name)
      }
  }
  return names.map((name) => {
    const type = types.get(name)
    const column = identifier(name)
    return type ? `CAST(${column} AS ${type}) AS ${column}` : column
  })
}

/** A column without any value is text. */
function fits(name: string, type: string, pattern: string): string {
  const column = identifier(name)
  const isOne = `regexp_full_match(${column}, ${literal(pattern)}) AND TRY_CAST(${column} AS ${type}) IS NOT NULL`
  return `count(${column}) > 0 AND count(${column}) = count(*) FILTER (WHERE ${isOne})`
}
