import { readFile, writeFile } from 'node:fs/promises'
import { reportToHtml } from '@quoin/trainers/core'
import { type Job, type JobClient, openJobClient } from '../client/job-client.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { endJob, showJob } from '../output/jobs.ts'
import { renderTable } from '../output/table.ts'

export interface OutputFlags {
  encrypt: boolean | null
  access: 'open' | 'licensed'
  terms: string
}

/** Sends a declared job to the node, and follows it to its end unless told otherwise. */
export async function runJobFile(
  context: Context,
  { file, isDetached, outputs }: { file: string; isDetached: boolean; outputs: OutputFlags },
): Promise<void> {
  const job = await readJson(file)
  await submitAndFollow(context, { job, isDetached, outputs })
}

export async function submitAndFollow(
  context: Context,
  { job, isDetached, outputs }: { job: object; isDetached: boolean; outputs: OutputFlags },
): Promise<void> {
  const client = await openJobClient(context)
  const submitted = await client.submit({ job, outputs })
  const { terminal } = context
  if (isDetached) {
    terminal.document(submitted)
    terminal.line(submitted.id)
    return
  }
  terminal.note(`Job ${submitted.id}; Ctrl-C leaves it running, \`quoin job show\` finds it again`)
  await endJob(context, client, await followToEnd(context, client, submitted.id))
}

/** @throws CodedError `NOT_REACHABLE` when the node goes away: the job goes on when it is back */
async function followToEnd(context: Context, client: JobClient, id: string): Promise<Job> {
  const { terminal, signal } = context
  try {
    for await (const job of client.follow(id)) {
      if (job.endedMs !== null) return job
      const { progress } = job
      const loss = progress?.trainLoss
      terminal.progress(
        progress
          ? `${progress.unit} ${progress.done} of ${progress.of}${typeof loss === 'number' ? `, loss ${loss.toPrecision(4)}` : ''}`
          : job.status,
      )
    }
  } catch (cause) {
    if (signal.aborted) throw cause
    throw gone(id, cause)
  } finally {
    terminal.progress(null)
  }
  throw gone(id)
}

function gone(id: string, cause?: unknown) {
  return cliError(
    'NOT_REACHABLE',
    `The node went away; the job goes on when it is back: quoin job show ${id}`,
    { cause },
  )
}

export async function listJobs(context: Context): Promise<void> {
  const jobs = await (await openJobClient(context)).list()
  const { terminal } = context
  terminal.document({ jobs })
  if (jobs.length === 0) return terminal.line('No jobs yet: `quoin train` or `quoin job run`.')
  const columns = ['Job', 'Work', 'Submitted', 'Status', 'Progress'].map((title) => ({ title }))
  const rows = jobs.map(({ id, work, submittedMs, status, progress }) => [
    id,
    work,
    new Date(submittedMs).toISOString(),
    status,
    progress ? `${progress.done} of ${progress.of} ${progress.unit}` : '',
  ])
  for (const line of renderTable(columns, rows)) terminal.line(line)
}

export async function showOneJob(context: Context, id: string): Promise<void> {
  const job = await (await openJobClient(context)).find(id)
  context.terminal.document(job)
  showJob(job, context.terminal)
}

export async function showLog(context: Context, id: string): Promise<void> {
  const { log, curve } = await (await openJobClient(context)).find(id)
  const { terminal } = context
  terminal.document({ log, curve })
  for (const line of log) terminal.line(line)
  for (const { round, trainLoss, validationLoss } of curve)
    terminal.line(
      `round ${round}: loss ${trainLoss.toPrecision(6)}${validationLoss === null ? '' : `, validation ${validationLoss.toPrecision(6)}`}`,
    )
}

export async function cancelJob(context: Context, id: string): Promise<void> {
  const job = await (await openJobClient(context)).cancel(id)
  context.terminal.document(job)
  context.terminal.line(`${job.id} is ${job.status}`)
}

/** The report of a training as one page without scripts. */
export async function writeReport(
  context: Context,
  { id, file }: { id: string; file: string },
): Promise<void> {
  const bytes = await (await openJobClient(context)).output(id, 'report')
  const isHtml = /\.html?$/i.test(file)
  const text = new TextDecoder().decode(bytes)
  await writeFile(file, isHtml ? reportToHtml(JSON.parse(text)) : text)
  context.terminal.document({ id, file })
  context.terminal.line(`Wrote ${file}`)
}

/** An output's content, decrypted. */
export async function writeOutput(
  context: Context,
  { id, name, file }: { id: string; name: string; file: string },
): Promise<void> {
  const bytes = await (await openJobClient(context)).output(id, name)
  await writeFile(file, bytes)
  context.terminal.document({ id, name, file, bytes: bytes.length })
  context.terminal.line(`Wrote ${file}, ${bytes.length} bytes`)
}

/** A pipeline of `quoin/pipeline/1`, or a whole job, as a job. */
export async function processData(
  context: Context,
  { file, isDetached, outputs }: { file: string; isDetached: boolean; outputs: OutputFlags },
): Promise<void> {
  const { pipelineJob } = await import('./pipeline-job.ts')
  const job = pipelineJob(await readJson(file), file)
  await submitAndFollow(context, { job, isDetached, outputs })
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : ''
    throw cliError('USAGE', `${file} is no JSON: ${why}`, { cause })
  }
  throw cliError('USAGE', `${file} has no JSON object in it`)
}
