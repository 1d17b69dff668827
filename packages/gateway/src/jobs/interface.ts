import { z } from 'zod'

/** What is done with a job's outputs when it has ended. */
const OutputOrder = z.strictObject({
  /** Null: encrypted when an input is. */
  encrypt: z.boolean().nullable().default(null),
  access: z.enum(['open', 'licensed']).default('licensed'),
  terms: z.string().max(256).default(''),
})

export const JobRequest = z.strictObject({
  /** A declaration of `quoin/job/1`. */
  job: z.record(z.string(), z.json()),
  outputs: OutputOrder.prefault({}),
})
export type JobRequest = z.output<typeof JobRequest>

const Progress = z.object({
  done: z.number(),
  of: z.number(),
  unit: z.string(),
  trainLoss: z.number().nullable().optional(),
  validationLoss: z.number().nullable().optional(),
})

const summary = {
  id: z.string(),
  work: z.enum(['pipeline', 'training', 'program']),
  /** sha256 of the canonical declaration: what the node signs. */
  declarationHash: z.string(),
  status: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  submittedMs: z.number(),
  endedMs: z.number().nullable(),
  /** Times that a machine was started for it. */
  attempts: z.number(),
  progress: Progress.nullable(),
}

export const JobSummary = z.object(summary).meta({ id: 'JobSummary' })
export type JobSummary = z.output<typeof JobSummary>

export const JobJson = z
  .object({
    ...summary,
    job: z.record(z.string(), z.json()),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    usage: z.record(z.string(), z.number()).nullable(),
    outputs: z.array(
      z.object({
        name: z.string(),
        kind: z.string(),
        cid: z.string(),
        /** Null: kept by the node, and not on the chain. */
        transaction: z.string().nullable(),
        isEncrypted: z.boolean(),
      }),
    ),
    /** The artifact that the declaration is. */
    declarationCid: z.string().nullable(),
    /** The node's signed word of what it made of what, for `publishDerived`. */
    result: z.json(),
    /** Losses as they came, since the node started; the report has them all. */
    curve: z.array(
      z.object({
        round: z.number(),
        trainLoss: z.number(),
        validationLoss: z.number().nullable(),
      }),
    ),
    /** The last lines that the work wrote. */
    log: z.array(z.string()),
  })
  .meta({ id: 'Job' })
export type JobJson = z.output<typeof JobJson>

/** The jobs of a node, as the gateway knows them. */
export interface Jobs {
  submit(request: JobRequest): Promise<JobJson>
  /** The newest first. */
  list(): JobSummary[]
  /** @throws CodedError `UNKNOWN_JOB` */
  find(id: string): JobJson
  /** What has ended stays as it is. @throws CodedError `UNKNOWN_JOB` */
  cancel(id: string): Promise<JobJson>
  /** An output's content. @throws CodedError `UNKNOWN_JOB`, `OUTPUT_UNKNOWN` */
  output(id: string, name: string): Promise<AsyncIterable<Uint8Array>>
  /** Hears of each change of a job. @returns what ends it. @throws CodedError `UNKNOWN_JOB` */
  watch(id: string, listener: (job: JobJson) => void): () => void
}

/** A job of someone who may train on this node's data, and not have it. */
export const LicensedJobRequest = z.strictObject({
  job: z.record(z.string(), z.json()),
  /** EIP-712, domain "Quoin Jobs". */
  request: z.record(z.string(), z.json()),
})
export type LicensedJobRequest = z.output<typeof LicensedJobRequest>

export const LicensedJobJson = z
  .object({
    ...summary,
    /** Why it failed, without a word of the data. */
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    usage: z.record(z.string(), z.number()).nullable(),
    outputs: z.array(
      z.object({
        name: z.string(),
        kind: z.string(),
        /** Of the content. */
        cid: z.string(),
        /** The key to the sealed file, for the licence's key. */
        envelope: z.json(),
      }),
    ),
    result: z.json(),
  })
  .meta({ id: 'LicensedJob' })
export type LicensedJobJson = z.output<typeof LicensedJobJson>

/** Jobs that come to the data. The token that a submission gives is asked for afterwards. */
export interface LicensedJobs {
  /** @throws CodedError `RIGHT_MISSING`, `JOB_REFUSED`, `REQUEST_REFUSED` */
  submit(request: LicensedJobRequest): Promise<LicensedJobJson & { token: string }>
  /** @throws CodedError `UNKNOWN_JOB` for a wrong token too */
  find(id: string, token: string): LicensedJobJson
  cancel(id: string, token: string): Promise<LicensedJobJson>
  /** An output, encrypted. @throws CodedError `UNKNOWN_JOB`, `OUTPUT_UNKNOWN` */
  output(id: string, token: string, name: string): Promise<AsyncIterable<Uint8Array>>
}
