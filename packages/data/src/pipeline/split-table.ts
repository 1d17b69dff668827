import type { Session } from '../session/session.ts'
import { identifier, literal } from '../sql.ts'
import type { SplitStep } from './declaration.ts'

/**
 * Shares the rows of a table out: each row's place among its like is by md5 of the seed and the row's number,
 * so the shares are exact to one row, and everyone's rows are the same. The order of rows is kept.
 */
export async function splitTable(session: Session, step: SplitStep): Promise<void> {
  const { from, seed, parts, stratifyBy } = step
  const like = stratifyBy === undefined ? '' : `PARTITION BY ${identifier(stratifyBy)}`
  const numbered = `SELECT *, row_number() OVER () AS "split row" FROM ${identifier(from)}`
  const drawn = `SELECT *, md5(${literal(`${seed}:`)} || "split row") AS "split draw" FROM (${numbered})`
  const placed = `SELECT *,
    row_number() OVER (${like} ORDER BY "split draw", "split row") - 1 AS "split place",
    count(*) OVER (${like}) AS "split count"
    FROM (${drawn})`
  await session.run(`CREATE TEMP TABLE "split" AS ${placed}`)
  let low = 0
  for (const [part, share] of Object.entries(parts)) {
    const high = low + share
    await session.run(
      `CREATE TABLE ${identifier(part)} AS
       SELECT * EXCLUDE ("split row", "split draw", "split place", "split count") FROM "split"
       WHERE "split place" * 10000 >= "split count" * ${low} AND "split place" * 10000 < "split count" * ${high}
       ORDER BY "split row"`,
    )
    low = high
  }
  await session.run('DROP TABLE "split"')
}
