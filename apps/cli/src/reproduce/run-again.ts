import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Job, type MadeOutput, runJob } from '@quoin/jobs'
import { createProcessDriver } from '@quoin/machines'
import { type DataHolder, fetchHere, writeContent } from '../client/data-holder.ts'
import type { Context } from '../context.ts'
import { progressLine } from '../output/progress-bar.ts'

/**
 * Brings a job's inputs here, by the rights that the account has, and runs it on this machine.
 * @throws CodedError `RIGHT_MISSING`, `JOB_FAILED` and others of fetching and running
 */
export async function runAgain(
  context: Context,
  reader: DataHolder,
  { job, folder }: { job: Job; folder: string },
): Promise<MadeOutput[]> {
  const inputs = join(folder, 'inputs')
  await mkdir(inputs)
  const paths: Record<string, string> = {}
  for (const { name, cid } of job.inputs) {
    const path = join(inputs, name)
    await writeContent(context, await fetchHere(context, reader, cid), path)
    paths[name] = path
  }
  // Trainings and pipelines are our own code; a stranger's program runs in a sandbox or not at all.
  const driver = await createProcessDriver({ allowTrusted: job.work.kind !== 'program' })
  const { terminal, signal } = context
  const { outputs } = await runJob(job, {
    ...{ driver, directory: join(folder, 'job'), paths, signal },
    onProgress: ({ done, of, unit }) =>
      terminal.progress(progressLine(`Running: ${done} of ${of} ${unit}`, done, of)),
  })
  terminal.progress(null)
  return outputs
}
