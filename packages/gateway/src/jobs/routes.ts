import { z } from 'zod'
import {
  type Answer,
  type Exchange as HttpExchange,
  plain,
  type Route,
  route,
} from '../operation.ts'
import { JobJson, JobRequest, JobSummary, type Jobs } from './interface.ts'
import { streamOut } from './stream-out.ts'

const shared = { ...plain, tag: 'Jobs', access: 'operator' } as const
const read = { ...shared, method: 'GET' } as const
const params = z.object({ id: z.uuid() })

/** Work on artifacts, for the node's operator. Those who follow it are let go when `closing` comes. */
export function jobRoutes(jobs: Jobs, closing: AbortSignal): Route[] {
  return [
    route(
      {
        ...shared,
        method: 'POST',
        id: 'submitJob',
        path: '/v1/jobs',
        summary: 'Takes in a job: a pipeline, a training or a program',
        body: JobRequest,
        answer: JobJson,
      },
      async ({ body }) => ({ kind: 'json', status: 201, body: await jobs.submit(body) }),
    ),
    route(
      {
        ...read,
        id: 'listJobs',
        path: '/v1/jobs',
        summary: 'Jobs of this node, the newest first',
        query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
        answer: z.object({ jobs: z.array(JobSummary) }),
      },
      async ({ query }) => ({ kind: 'json', body: { jobs: jobs.list().slice(0, query.limit) } }),
    ),
    route(
      {
        ...read,
        id: 'getJob',
        path: '/v1/jobs/{id}',
        summary: 'A job: how far it is, losses, log, outcome',
        params,
        answer: JobJson,
      },
      async ({ params: { id } }) => ({ kind: 'json', body: jobs.find(id) }),
    ),
    route(
      {
        ...shared,
        method: 'DELETE',
        id: 'cancelJob',
        path: '/v1/jobs/{id}',
        summary: 'Cancels a job; what has ended stays as it is',
        params,
        answer: JobJson,
      },
      async ({ params: { id } }) => ({ kind: 'json', body: await jobs.cancel(id) }),
    ),
    ...followingRoutes(jobs, closing),
  ]
}

function followingRoutes(jobs: Jobs, closing: AbortSignal): Route[] {
  return [
    route(
      {
        ...read,
        id: 'followJob',
        path: '/v1/jobs/{id}/events',
        summary:
          'Server-sent events: the job as it is, and again at each change until it has ended',
        params,
        answer: z.string(),
        answerType: 'text/event-stream',
      },
      async ({ params: { id } }, http) => follow({ jobs, closing, id }, http),
    ),
    route(
      {
        ...read,
        id: 'getJobOutput',
        path: '/v1/jobs/{id}/outputs/{name}',
        summary: 'What a job made, decrypted: for the operator',
        params: params.extend({ name: z.string().min(1).max(32) }),
        answer: z.string(),
        answerType: 'application/octet-stream',
      },
      async ({ params: { id, name } }, { connection }) => {
        return streamOut(connection, await jobs.output(id, name))
      },
    ),
  ]
}

/** At most five events a second; the last one always comes. */
const eventMs = 200

/** A slow reader gets fewer events, never a growing queue: only the newest state waits for it. */
async function follow(
  { jobs, closing, id }: { jobs: Jobs; closing: AbortSignal; id: string },
  { connection }: HttpExchange,
): Promise<Answer> {
  let newest: JobJson | null = jobs.find(id)
  let wake = Promise.withResolvers<void>()
  let isGone = false
  const change = (job: JobJson) => {
    newest = job
    wake.resolve()
  }
  const unwatch = jobs.watch(id, change)
  const leave = () => {
    isGone = true
    wake.resolve()
  }
  connection.onGone(leave)
  closing.addEventListener('abort', leave, { once: true })
  const stream = connection.stream(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
  })
  try {
    while (!isGone) {
      const job: JobJson | null = newest
      newest = null
      if (job) await stream.write(`data: ${JSON.stringify(job)}\n\n`)
      if (job && job.endedMs !== null) break
      await pause(eventMs)
      if (!newest && !isGone) await wake.promise
      wake = Promise.withResolvers()
    }
    stream.end()
  } finally {
    unwatch()
    closing.removeEventListener('abort', leave)
  }
  return { kind: 'streamed' }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
