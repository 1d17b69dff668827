import { Worker } from 'node:worker_threads'
import type { Job, Report } from '../src/simulation/campaign.ts'

export interface WorkerPool extends AsyncDisposable {
  /** Runs all jobs, some at a time; reports come as they are done. */
  run(jobs: readonly Job[], onReport: (report: Report) => void): Promise<void>
}

/** Threads that each take the next few jobs when they are done with the last. */
export function createWorkerPool(threads: number): WorkerPool {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./simulate-worker.ts', import.meta.url)),
  )
  return {
    async run(jobs, onReport) {
      let next = 0
      const work = (worker: Worker) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        const feed = () => {
          const job = jobs[next]
          next += 1
          if (job) worker.postMessage(job)
          else resolve()
        }
        worker.on('message', (report: Report) => {
          onReport(report)
          feed()
        })
        worker.once('error', reject)
        feed()
        return promise
      }
      await Promise.all(workers.map(work))
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
