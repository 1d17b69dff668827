import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { openSession } from '@quoin/data'

const sql = 'select kind, count(*), avg(price), max(place) from t group by kind order by kind'
const linesPerPart = 10_000

/**
 * Loads a CSV file of so many rows and asks one question: in a session (a process of its own, shut to everything
 * else, every line checked) beside DuckDB in this process, which sniffs a sample. Prints the best of each.
 */
export async function benchQuery({
  rows,
  rounds,
}: {
  rows: number
  rounds: number
}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-bench-query-'))
  try {
    const path = join(folder, 'rows.csv')
    await pipeline(Readable.from(linesOf(rows)), createWriteStream(path))
    const parquet = join(folder, 'rows.parquet')
    await runDuckDb(`COPY (FROM read_csv('${path}')) TO '${parquet}'`)
    console.log(`\n${rows} rows, loaded and asked once`.padEnd(43), '     s  ratio')
    for (const [format, file] of [
      ['csv', path],
      ['parquet', parquet],
    ] as const) {
      const alone = await best(rounds, () => askAlone(format, file))
      const session = await best(rounds, () => askSession(format, file))
      console.log(`DuckDB alone, ${format}`.padEnd(42), (alone / 1000).toFixed(2).padStart(6))
      const cells = [
        (session / 1000).toFixed(2).padStart(6),
        (session / alone).toFixed(2).padStart(6),
      ]
      console.log(`a session, ${format}`.padEnd(42), cells.join(' '))
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

function* linesOf(rows: number): Generator<string> {
  yield 'id,kind,price,place,day\n'
  for (let from = 0; from < rows; from += linesPerPart) {
    const lines: string[] = []
    for (let row = from; row < Math.min(rows, from + linesPerPart); row++)
      lines.push(
        `${row},kind ${row % 17},${(row * 7919) % 1000}.${row % 100},place ${row % 1000},2026-01-${10 + (row % 20)}\n`,
      )
    yield lines.join('')
  }
}

async function best(rounds: number, run: () => Promise<void>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return Math.min(...times)
}

async function askSession(format: 'csv' | 'parquet', path: string): Promise<void> {
  await using session = await openSession({ sources: { t: { path, format } } })
  const { rows } = await session.query(sql)
  requireAnswer((await Array.fromAsync(rows)).flat().length)
}

async function askAlone(format: 'csv' | 'parquet', path: string): Promise<void> {
  const from = format === 'csv' ? `read_csv('${path}')` : `read_parquet('${path}')`
  requireAnswer(await runDuckDb(`CREATE TABLE t AS FROM ${from}; ${sql}`))
}

async function runDuckDb(statements: string): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const result = await connection.runAndReadAll(statements)
  connection.closeSync()
  instance.closeSync()
  return result.currentRowCount
}

function requireAnswer(rows: number): void {
  if (rows !== 17) throw new Error(`The answer has ${rows} rows, and should have 17`)
}
