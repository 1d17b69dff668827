import type { Session } from './session/session.ts'
import { identifier } from './sql.ts'
import type { Cell } from './table.ts'

interface Histogram {
  /** Bounds of the bins, ascending: one more than there are counts. */
  bounds: number[]
  counts: number[]
}

interface NumberProfile {
  min: number | null
  max: number | null
  mean: number | null
  /** Of the sample. */
  standardDeviation: number | null
  /** At a quarter, a half and three quarters. */
  quartiles: [number, number, number] | null
  /** NaN and infinite: in none of the figures. */
  notFinite: number
  histogram: Histogram | null
}

interface TextProfile {
  shortest: number | null
  longest: number | null
  /** The most frequent first; equally frequent ones by the text. */
  top: { value: string; count: number }[]
}

export interface ColumnProfile {
  name: string
  type: string
  missing: number
  distinct: number
  numbers: NumberProfile | null
  texts: TextProfile | null
}

export interface TableProfile {
  rows: number
  columns: ColumnProfile[]
}

const bins = 20
const topValues = 10
const maxTextLength = 60
const numberType = /^(TINYINT|SMALLINT|INTEGER|BIGINT|U\w*INT\w*|HUGEINT|FLOAT|DOUBLE|DECIMAL.*)$/

/** What is in a table's columns, as numbers for pictures: exact, by SQL. */
export async function profileTable(session: Session, table: string): Promise<TableProfile> {
  const columns: ColumnProfile[] = []
  const from = identifier(table)
  const [count = []] = await session.run(`SELECT count(*) FROM ${from}`)
  for (const { name, type } of await session.columns(table)) {
    const column = identifier(name)
    const [row = []] = await session.run(
      `SELECT count(*) - count(${column}), count(DISTINCT ${column}) FROM ${from}`,
    )
    const isNumber = numberType.test(type)
    columns.push({
      name,
      type,
      missing: Number(row[0]),
      distinct: Number(row[1]),
      numbers: isNumber ? await profileNumbers(session, from, column) : null,
      texts: isNumber ? null : await profileTexts(session, from, column),
    })
  }
  return { rows: Number(count[0]), columns }
}

async function profileNumbers(
  session: Session,
  from: string,
  column: string,
): Promise<NumberProfile> {
  const finite = `(SELECT CAST(${column} AS DOUBLE) AS x FROM ${from} WHERE isfinite(CAST(${column} AS DOUBLE)))`
  const [row = []] = await session.run(
    `SELECT min(x), max(x), avg(x), stddev_samp(x), quantile_cont(x, [0.25, 0.5, 0.75]), count(*) FROM ${finite}`,
  )
  const [all = []] = await session.run(`SELECT count(${column}) FROM ${from}`)
  const [min, max] = [numberOf(row[0]), numberOf(row[1])]
  return {
    min,
    max,
    mean: numberOf(row[2]),
    standardDeviation: numberOf(row[3]),
    quartiles: quartilesOf(row[4]),
    notFinite: Number(all[0]) - Number(row[5]),
    histogram: min === null || max === null ? null : await countBins(session, finite, min, max),
  }
}

/** Bins of equal width; the last one holds the maximum. A constant has one bin. */
async function countBins(
  session: Session,
  finite: string,
  min: number,
  max: number,
): Promise<Histogram> {
  const width = (max - min) / bins
  if (!(width > 0 && Number.isFinite(width))) {
    const [row = []] = await session.run(`SELECT count(*) FROM ${finite}`)
    return { bounds: [min, max], counts: [Number(row[0])] }
  }
  const bin = `least(CAST(floor((x - ${min}::DOUBLE) / ${width}::DOUBLE) AS BIGINT), ${bins - 1})`
  const rows = await session.run(`SELECT ${bin} AS bin, count(*) FROM ${finite} GROUP BY bin`)
  const counts = new Array<number>(bins).fill(0)
  for (const [index, count] of rows) counts[Number(index)] = Number(count)
  const bounds = Array.from({ length: bins + 1 }, (_, index) =>
    index === bins ? max : min + index * width,
  )
  return { bounds, counts }
}

async function profileTexts(session: Session, from: string, column: string): Promise<TextProfile> {
  const texts = `(SELECT CAST(${column} AS VARCHAR) AS x FROM ${from} WHERE ${column} IS NOT NULL)`
  const [row = []] = await session.run(`SELECT min(length(x)), max(length(x)) FROM ${texts}`)
  const top = await session.run(
    `SELECT left(x, ${maxTextLength}) AS value, count(*) AS times FROM ${texts} GROUP BY x ORDER BY times DESC, x LIMIT ${topValues}`,
  )
  return {
    shortest: numberOf(row[0]),
    longest: numberOf(row[1]),
    top: top.map(([value, count]) => ({ value: String(value), count: Number(count) })),
  }
}

function numberOf(cell: Cell | undefined): number | null {
  return typeof cell === 'number' ? cell : null
}

function quartilesOf(cell: Cell | undefined): [number, number, number] | null {
  if (!Array.isArray(cell)) return null
  const [first, second, third] = cell.map(numberOf)
  return first == null || second == null || third == null ? null : [first, second, third]
}
