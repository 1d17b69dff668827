import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Cell,
  type ColumnProfile,
  formatOfMediaType,
  formatOfName,
  openSession,
  profileTable,
} from '@quoin/data'
import { fetchHere, openDataHolder, writeContent } from '../client/data-holder.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCount } from '../output/amounts.ts'
import { sparkline } from '../output/progress-bar.ts'
import { renderTable } from '../output/table.ts'

interface TableFlags {
  cid: string
  from?: string
}

export async function queryData(
  context: Context,
  {
    sql,
    as,
    limit,
    ...table
  }: TableFlags & { sql: string; as: 'table' | 'documents'; limit: number },
): Promise<void> {
  await withTable(context, { ...table, as }, async (session) => {
    const { columns, rows } = await session.query(sql)
    const shown: Cell[][] = []
    let isMore = false
    for await (const part of rows) {
      shown.push(...part.slice(0, limit - shown.length))
      isMore = part.length > 0 && shown.length >= limit
      if (isMore) break
    }
    const { terminal } = context
    terminal.document({ columns, rows: shown, isMore })
    const titles = columns.map(({ name, type }) => ({
      title: clean(name),
      ...(/INT|DOUBLE|DECIMAL|FLOAT/.test(type) && { align: 'right' as const }),
    }))
    const cells = shown.map((row) => row.map(showCell))
    for (const line of renderTable(titles, cells, (text) => terminal.style('dim', text)))
      terminal.line(line)
    if (isMore) terminal.note(`The first ${limit} rows; --limit shows more.`)
  })
}

/** What is in a table's columns; as JSON, the numbers for pictures. */
export async function previewData(context: Context, table: TableFlags): Promise<void> {
  await withTable(context, { ...table, as: 'table' }, async (session) => {
    const profile = await profileTable(session, 'data')
    const { terminal } = context
    terminal.document(profile)
    terminal.line(`${formatCount(profile.rows)} rows`)
    terminal.line()
    const columns = [
      { title: 'Column' },
      { title: 'Type' },
      { title: 'Missing', align: 'right' as const },
      { title: 'Distinct', align: 'right' as const },
      { title: 'Values' },
    ]
    const rows = profile.columns.map((column) => [
      clean(column.name),
      column.type,
      formatCount(column.missing),
      formatCount(column.distinct),
      describeValues(column),
    ])
    for (const line of renderTable(columns, rows, (text) => terminal.style('dim', text)))
      terminal.line(line)
  })
}

type Session = Awaited<ReturnType<typeof openSession>>

/** The content lies decrypted in the data folder while the work lasts, and is removed. */
async function withTable(
  context: Context,
  { cid, from, as }: TableFlags & { as: 'table' | 'documents' },
  work: (session: Session) => Promise<void>,
): Promise<void> {
  await using reader = await openDataHolder(context, cid)
  const fetched = await fetchHere(context, reader, cid, from === undefined ? {} : { from })
  const { name, mediaType } = fetched.description
  const format = (mediaType && formatOfMediaType(mediaType)) || formatOfName(name)
  await removeLeftovers(reader.dataDir)
  const folder = await mkdtemp(join(reader.dataDir, 'reading-'))
  try {
    const path = join(folder, `data.${format}`)
    await writeContent(context, fetched, path)
    context.terminal.progress('Reading the table …')
    await using session = await openSession({
      ...{ sources: { data: { path, format } }, as, directory: folder },
      signal: context.signal,
    })
    context.terminal.progress(null)
    await work(session)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'NOT_A_FILE')
      throw cliError('REFUSED', `${cid} is a folder, not a table: \`quoin data get\` writes it`)
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const staleMs = 86_400_000

/** What a reader that was killed left decrypted is not left for ever. */
async function removeLeftovers(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith('reading-')) continue
    const path = join(dataDir, name)
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > staleMs) await rm(path, { recursive: true, force: true })
  }
}

function describeValues({ numbers, texts }: ColumnProfile): string {
  if (numbers) {
    const { min, max, mean, histogram } = numbers
    if (min === null || max === null || mean === null) return ''
    const bars = histogram ? `  ${sparkline(histogram.counts)}` : ''
    return `${short(min)} … ${short(max)}, mean ${short(mean)}${bars}`
  }
  const top = texts?.top.slice(0, 3).map(({ value, count }) => `${clean(value)} ×${count}`)
  return top?.join(', ') ?? ''
}

function short(value: number): string {
  return `${Number(value.toPrecision(4))}`
}

function showCell(cell: Cell): string {
  if (cell === null) return ''
  return clean(typeof cell === 'object' ? JSON.stringify(cell) : String(cell))
}

/** What is in data goes to a terminal: no control characters. */
function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}
