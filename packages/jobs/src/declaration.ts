import { createHash } from 'node:crypto'
import { parsePipeline, tableFormats } from '@quoin/data'
import { CodedError, canonicalJson, type Hex } from '@quoin/kernel'
import { parseDeclaration } from '@quoin/trainers'
import { z } from 'zod'
import type { JobErrorCode } from './errors.ts'

const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'a small letter, then small letters, digits, _ and -')
const cid = z.string().min(8).max(128)
const json = z.record(z.string(), z.json())

const pipelineWork = z.strictObject({ kind: z.literal('pipeline'), pipeline: json })
const trainingWork = z.strictObject({
  kind: z.literal('training'),
  /** The input that is the table. */
  table: name,
  format: z.enum(tableFormats),
  /** As `@quoin/trainers` knows it. */
  declaration: json,
})
const programWork = z.strictObject({
  kind: z.literal('program'),
  /** The input that is the program: a file for Node, or a folder with main.mjs. */
  program: name,
  arguments: z.array(z.string().max(4096)).max(64).default([]),
})

/** What a job does, of what, and what may come out of it. Its hash is what a runner signs. */
const jobSchema = z.strictObject({
  kind: z.literal('quoin/job/1'),
  work: z.discriminatedUnion('kind', [pipelineWork, trainingWork, programWork]),
  /** Artifacts, in the order of their lineage. */
  inputs: z.array(z.strictObject({ name, cid })).min(1).max(32),
  outputs: z
    .array(
      z.strictObject({
        name,
        kind: z.enum(['dataset', 'model', 'report', 'other']),
        maxBytes: z
          .int()
          .min(1)
          .max(1 << 30),
      }),
    )
    .min(1)
    .max(16),
  limits: z
    .strictObject({
      cpus: z.number().positive().max(64).default(1),
      memoryBytes: z
        .int()
        .min(64 << 20)
        .max(2 ** 40)
        .default(2 ** 31),
      diskBytes: z
        .int()
        .min(1 << 20)
        .max(2 ** 40)
        .default(2 ** 32),
      wallMs: z
        .int()
        .min(1000)
        .max(7 * 86_400_000)
        .default(3_600_000),
    })
    .prefault({}),
})

export type Job = z.infer<typeof jobSchema>
export type JobInput = z.input<typeof jobSchema>
export type JobOutput = Job['outputs'][number]

/** Checks a job whole, with the declaration of its work. @throws CodedError `INVALID_JOB` */
export function parseJob(value: unknown): Job {
  const parsed = jobSchema.safeParse(value)
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error))
  const job = parsed.data
  requireUnique(job.inputs, 'inputs')
  requireUnique(job.outputs, 'outputs')
  try {
    checkWork(job)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw invalid(error.message, error)
  }
  return job
}

/** sha256 of the canonical JSON (RFC 8785), as 32 bytes. */
export function jobHash(job: Job): Hex {
  return `0x${createHash('sha256').update(canonicalJson(job)).digest('hex')}`
}

function checkWork({ work, inputs, outputs }: Job): void {
  const has = (wanted: string) => inputs.some((input) => input.name === wanted)
  if (work.kind === 'program') {
    if (!has(work.program)) throw invalid(`the program ${work.program} is not among the inputs`)
    return
  }
  if (work.kind === 'training') {
    if (!has(work.table)) throw invalid(`the table ${work.table} is not among the inputs`)
    parseDeclaration(work.declaration)
    const made = outputs.map((output) => `${output.name}:${output.kind}`).sort()
    if (made.join() !== 'model:model,report:report')
      throw invalid(
        'a training makes two outputs: "model" of kind model and "report" of kind report',
      )
    return
  }
  const pipeline = parsePipeline(work.pipeline)
  for (const [input, source] of Object.entries(pipeline.inputs))
    if (!inputs.some((given) => given.name === input && given.cid === source.cid))
      throw invalid(`the pipeline's input ${input} is not the job's`)
  const tables = Object.keys(pipeline.outputs).sort().join()
  const sets = outputs.filter((output) => output.kind === 'dataset').map((output) => output.name)
  if (tables !== sets.sort().join() || sets.length < outputs.length)
    throw invalid(`the pipeline makes ${tables}: the outputs must be these, of kind dataset`)
}

function requireUnique(items: readonly { name: string }[], what: string): void {
  if (new Set(items.map((item) => item.name)).size < items.length)
    throw invalid(`two ${what} have the same name`)
}

function invalid(what: string, cause?: unknown): CodedError<JobErrorCode> {
  return new CodedError<JobErrorCode>('INVALID_JOB', `The job's declaration is wrong: ${what}`, {
    cause,
  })
}
