import { CodedError } from '@quoin/kernel'
import type { DataErrorCode } from '../errors.ts'
import type { TableFormat } from '../format.ts'
import type { SessionLimits } from '../limits.ts'
import { openSession, type Session, type Source } from '../session/session.ts'
import type { Column } from '../table.ts'
import type { Pipeline } from './declaration.ts'
import { splitTable } from './split-table.ts'

export interface PipelineOptions {
  /** Where each input's file is. */
  paths: Readonly<Record<string, string>>
  /** Gets each output while its file is there, in the order of their names. */
  onOutput: (output: PipelineOutput) => Promise<void>
  onProgress?: (step: { done: number; of: number }) => void
  limits?: Partial<SessionLimits>
  directory?: string
  signal?: AbortSignal
}

export interface PipelineOutput {
  name: string
  path: string
  format: TableFormat
  rows: number
  columns: Column[]
}

/**
 * Runs the steps with one thread and no functions that could answer otherwise the next time.
 * @returns what made the outputs, as `duckdb v1.5.6`: the same one makes the same bytes
 * @throws CodedError as queries do, with the step that fails named
 */
export async function runPipeline(
  pipeline: Pipeline,
  options: PipelineOptions,
): Promise<{ runtime: string }> {
  const { paths, onOutput, onProgress, ...sessionOptions } = options
  const { steps, outputs } = pipeline
  const sources = sourcesOf(pipeline, paths)
  await using session = await openSession({ ...sessionOptions, sources, isDeterministic: true })
  const of = steps.length + Object.keys(outputs).length
  let done = 0
  for (const step of steps) {
    await runStep(session, step)
    onProgress?.({ done: ++done, of })
  }
  for (const name of Object.keys(outputs).sort()) {
    const output = outputs[name]
    if (!output) continue
    await onOutput(await writeOutput(session, name, output))
    onProgress?.({ done: ++done, of })
  }
  const [[version] = []] = await session.run('SELECT version()')
  return { runtime: `duckdb ${String(version)}` }
}

function sourcesOf(
  { inputs }: Pipeline,
  paths: Readonly<Record<string, string>>,
): Record<string, Source> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { format }]) => {
      const path = paths[name]
      if (path) return [name, { path, format }]
      throw new CodedError<DataErrorCode>('INVALID_PIPELINE', `The input ${name} has no file`)
    }),
  )
}

async function runStep(session: Session, step: Pipeline['steps'][number]): Promise<void> {
  const label = 'sql' in step ? `step ${step.table}` : `split of ${step.split.from}`
  try {
    if ('sql' in step) await session.createTable(step.table, step.sql)
    else await splitTable(session, step.split)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw new CodedError(error.code, `In ${label}: ${error.message}`, { cause: error })
  }
}

async function writeOutput(
  session: Session,
  name: string,
  { table, format }: { table: string; format: TableFormat },
): Promise<PipelineOutput> {
  const [[rows] = []] = await session.run(`SELECT count(*) FROM "${table}"`)
  const path = await session.export(table, format)
  return { name, path, format, rows: Number(rows), columns: await session.columns(table) }
}
