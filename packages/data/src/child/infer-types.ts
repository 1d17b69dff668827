import type { DuckDBConnection } from '@duckdb/node-api'
import { identifier, literal } from '../sql.ts'

interface Candidate {
  type: string
  pattern: string
}

/**
 * Which texts of a CSV column make it of a type: all that are there must. What begins with a zero, as a
 * postal code, is no number.
 */
const candidates: readonly Candidate[] = [
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

const sampleRows = 2_000

/**
 * Columns read as text, as the expressions of the types that all of their values have. The first rows say what
 * is worth looking for in the others.
 */
export async function inferTypes(
  connection: DuckDBConnection,
  table: string,
  names: readonly string[],
): Promise<string[]> {
  const whole = identifier(table)
  const sample = `(FROM ${whole} LIMIT ${sampleRows})`
  let left = new Map<string, readonly Candidate[]>(names.map((name) => [name, candidates]))
  left = await keepFitting(connection, sample, left)
  const isEmpty = await findEmpty(connection, whole, names)
  left = new Map([...left].filter(([name]) => !isEmpty.has(name)))
  const types = new Map<string, string>()
  while (left.size > 0) {
    const first = new Map([...left].map(([name, [best]]) => [name, best ? [best] : []]))
    const fitting = await keepFitting(connection, whole, first)
    for (const [name, [best]] of fitting) if (best) types.set(name, best.type)
    left = new Map(
      [...left].filter(([name]) => !types.has(name)).map(([name, [, ...rest]]) => [name, rest]),
    )
    left = new Map([...left].filter(([, rest]) => rest.length > 0))
  }
  return names.map((name) => {
    const type = types.get(name)
    const column = identifier(name)
    return type ? `CAST(${column} AS ${type}) AS ${column}` : column
  })
}

/** Columns without any value: they stay text. */
async function findEmpty(
  connection: DuckDBConnection,
  rows: string,
  names: readonly string[],
): Promise<Set<string>> {
  const counts = names.map((name) => `count(${identifier(name)}) = 0`).join(', ')
  const reader = await connection.runAndReadAll(`SELECT ${counts} FROM ${rows}`)
  const answers = reader.getRows()[0] ?? []
  return new Set(names.filter((_, index) => answers[index] === true))
}

/** Each column's candidates that all of its values in these rows fit; columns without any are left out. */
async function keepFitting(
  connection: DuckDBConnection,
  rows: string,
  columns: ReadonlyMap<string, readonly Candidate[]>,
): Promise<Map<string, readonly Candidate[]>> {
  const asked = [...columns].flatMap(([name, types]) =>
    types.map((candidate) => ({ name, candidate })),
  )
  if (asked.length === 0) return new Map()
  const tests = asked.map(({ name, candidate }) => fits(name, candidate)).join(', ')
  const reader = await connection.runAndReadAll(`SELECT ${tests} FROM ${rows}`)
  const answers = reader.getRows()[0] ?? []
  const fitting = asked.filter((_, index) => answers[index] === true)
  const byName = Map.groupBy(fitting, ({ name }) => name)
  return new Map(
    [...byName].map(([name, found]) => [name, found.map(({ candidate }) => candidate)]),
  )
}

function fits(name: string, { type, pattern }: Candidate): string {
  const column = identifier(name)
  const isOne = `regexp_full_match(${column}, ${literal(pattern)}) AND TRY_CAST(${column} AS ${type}) IS NOT NULL`
  return `count(${column}) = count(*) FILTER (WHERE ${isOne})`
}
