import { z } from 'zod'
import type { Job, JobClient } from '../client/job-client.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { renderFacts, renderTable } from './table.ts'
import type { Terminal } from './terminal.ts'

/** What a job came to: its metrics beside the baseline where it is a training. @throws CodedError `JOB_FAILED` */
export async function endJob(context: Context, client: JobClient, job: Job): Promise<void> {
  const { terminal } = context
  if (job.error) throw cliError('JOB_FAILED', job.error.message)
  const report = job.work === 'training' ? await reportOf(client, job) : null
  terminal.document({
    ...job,
    ...(report && { metrics: report.metrics, baseline: report.baseline }),
  })
  showJob(job, terminal)
  if (report) showMetrics(report, terminal)
}

export function showJob(job: Job, terminal: Terminal): void {
  const { id, work, status, attempts, usage, progress, error, outputs, declarationCid } = job
  const facts: [string, string][] = [
    ['Job', id],
    ['Work', work],
    ['State', status + (attempts > 1 ? `, attempt ${attempts}` : '')],
  ]
  if (progress && status === 'running')
    facts.push(['Progress', `${progress.done} of ${progress.of} ${progress.unit}`])
  if (usage?.wallMs !== undefined && usage.cpuMs !== undefined)
    facts.push([
      'Used',
      `${(usage.wallMs / 1000).toFixed(1)} s, ${(usage.cpuMs / 1000).toFixed(1)} s of a processor`,
    ])
  for (const { name, kind, cid, transaction, isEncrypted } of outputs) {
    const where = transaction ? 'on the chain' : 'at the node'
    facts.push([name, `${cid}  ${kind}${isEncrypted ? ', encrypted' : ''}, ${where}`])
  }
  if (declarationCid) facts.push(['Declaration', declarationCid])
  if (error) facts.push(['Error', error.message])
  for (const line of renderFacts(facts, { styleLabel: (text) => terminal.style('dim', text) }))
    terminal.line(line)
}

const Metrics = z.record(z.string(), z.unknown())
const Parts = z.object({ train: Metrics, validation: Metrics.nullable(), test: Metrics.nullable() })
const Report = z.object({
  rows: z.object({ train: z.number(), validation: z.number(), test: z.number() }),
  metrics: Parts,
  baseline: Parts,
})

async function reportOf(client: JobClient, { id }: Job) {
  return parseReport(await client.output(id, 'report'))
}

/** What is shown of a training's report. */
export function parseReport(bytes: Uint8Array): z.infer<typeof Report> {
  return Report.parse(JSON.parse(new TextDecoder().decode(bytes)))
}

export function showMetrics(
  { rows, metrics, baseline }: z.infer<typeof Report>,
  terminal: Terminal,
): void {
  const part = metrics.test ? 'test' : metrics.validation ? 'validation' : 'train'
  const [ours, theirs] = [metrics[part] ?? {}, baseline[part] ?? {}]
  terminal.line()
  terminal.line(`On ${rows[part]} rows of ${part === 'train' ? 'training' : `the ${part} part`}:`)
  const lines = Object.entries(ours).flatMap(([name, value]) =>
    typeof value === 'number' ? [[name, format(value), format(theirs[name])]] : [],
  )
  const columns = [
    { title: 'Metric' },
    { title: 'Model', align: 'right' as const },
    { title: 'Baseline', align: 'right' as const },
  ]
  for (const line of renderTable(columns, lines)) terminal.line(line)
}

function format(value: unknown): string {
  return typeof value === 'number' ? value.toPrecision(4) : ''
}
