/**
 * Jobs: declared work on artifacts, run on a machine that is cut off from everything else, with outputs that
 * leave only as declared. Node only.
 */
export {
  JobBook,
  type JobBookOptions,
  type JobOrder,
  type JobView,
  type Kept,
  type KeptOutput,
} from './book/job-book.ts'
export type { JobOutcome, JobRecord } from './book/record.ts'
export { type Job, type JobInput, type JobOutput, jobHash, parseJob } from './declaration.ts'
export type { JobErrorCode } from './errors.ts'
export {
  checkSignedJob,
  type JobPlace,
  type SignedJob,
  signedJobSchema,
  signJob,
} from './request/signed-request.ts'
export type { MadeOutput } from './run/check-outputs.ts'
export { type RanJob, type RunOptions, runJob } from './run/run-job.ts'
export type { JobProgress } from './work/messages.ts'
