import { parentPort } from 'node:worker_threads'
import { type Job, runJob } from '../src/simulation/campaign.ts'

/** A promise that nobody waits for and that fails is a failure of the run in hand. */
let stray: unknown = null
process.on('unhandledRejection', (reason) => {
  stray ??= reason
})

parentPort?.on('message', async (job: Job) => {
  stray = null
  const report = await runJob(job)
  const failure = stray === null ? null : `an unhandled rejection: ${stray}`
  parentPort?.postMessage({ ...report, failure: report.failure ?? failure })
})
