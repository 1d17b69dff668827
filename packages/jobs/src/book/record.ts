import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { parseJob } from '../declaration.ts'

const usageSchema = z.object({
  cpuMs: z.number(),
  wallMs: z.number(),
  memoryBytes: z.number(),
  diskBytes: z.number(),
})

const outcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('queued') }),
  z.object({ status: z.literal('running'), sinceMs: z.number() }),
  z.object({
    status: z.literal('done'),
    endedMs: z.number(),
    usage: usageSchema,
    outputs: z.array(z.object({ name: z.string(), kind: z.string(), cid: z.string() })),
    /** What who kept the outputs tells of them. */
    publication: z.json().default(null),
  }),
  z.object({
    status: z.enum(['failed', 'cancelled']),
    endedMs: z.number(),
    code: z.string(),
    message: z.string(),
  }),
])

const recordSchema = z.object({
  id: z.uuid(),
  job: z.unknown().transform(parseJob),
  /** What came with it: for whom, and what is done with its outputs. */
  order: z.json().default(null),
  submittedMs: z.number(),
  /** Times that a machine was started for it. */
  attempts: z.number(),
  outcome: outcomeSchema,
})

/** What is kept of a job on disk. Times are milliseconds since 1970. */
export type JobRecord = z.infer<typeof recordSchema>
export type JobOutcome = JobRecord['outcome']

const recordFile = 'record.json'

/** A crash leaves the record before or this one. */
export async function writeRecord(directory: string, record: JobRecord): Promise<void> {
  const folder = join(directory, record.id)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, recordFile)
  const file = await open(`${path}.new`, 'w')
  try {
    await file.writeFile(JSON.stringify(record))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

/** All records, the oldest first. Folders without one were made by a submission that was never answered. */
export async function readRecords(directory: string): Promise<JobRecord[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const records: JobRecord[] = []
  for (const name of await readdir(directory)) {
    const text = await readFile(join(directory, name, recordFile), 'utf8').catch(() => null)
    if (text) records.push(recordSchema.parse(JSON.parse(text)))
  }
  return records.sort((a, b) => a.submittedMs - b.submittedMs)
}
