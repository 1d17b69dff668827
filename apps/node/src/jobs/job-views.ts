import type { JobJson, JobSummary } from '@quoin/gateway'
import { type JobView, jobHash } from '@quoin/jobs'
import { publicationSchema } from './job-outputs.ts'

export type Curve = JobJson['curve']

export function summaryOf({
  id,
  job,
  submittedMs,
  attempts,
  outcome,
  progress,
}: JobView): JobSummary {
  return {
    id,
    work: job.work.kind,
    declarationHash: jobHash(job),
    status: outcome.status,
    submittedMs,
    endedMs: 'endedMs' in outcome ? outcome.endedMs : null,
    attempts,
    progress,
  }
}

export function jobJsonOf(view: JobView, curve: Curve): JobJson {
  const { job, outcome, log } = view
  const done = outcome.status === 'done' ? outcome : null
  // What was made for a licensee is in its own hands.
  const publication = done && (publicationSchema.safeParse(done.publication).data ?? null)
  const hasFailed = outcome.status === 'failed' || outcome.status === 'cancelled'
  return {
    ...summaryOf(view),
    job: JSON.parse(JSON.stringify(job)),
    error: hasFailed ? { code: outcome.code, message: outcome.message } : null,
    usage: done && { ...done.usage },
    outputs: (done?.outputs ?? []).map(({ name, kind, cid }) => {
      const kept = publication?.outputs[name]
      return {
        ...{ name, kind, cid },
        transaction: kept?.transaction ?? null,
        isEncrypted: kept?.isEncrypted ?? false,
      }
    }),
    declarationCid: publication?.declarationCid ?? null,
    result: publication?.result ?? null,
    curve,
    log: [...log],
  }
}
