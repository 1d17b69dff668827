import { z } from 'zod'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { fetchFrom } from './endpoints.ts'
import { openOperator } from './operator.ts'

const Status = z.enum(['queued', 'running', 'done', 'failed', 'cancelled'])

const Summary = z.object({
  id: z.string(),
  work: z.string(),
  declarationHash: z.string(),
  status: Status,
  submittedMs: z.number(),
  endedMs: z.number().nullable(),
  attempts: z.number(),
  progress: z
    .object({
      done: z.number(),
      of: z.number(),
      unit: z.string(),
      trainLoss: z.number().nullable().optional(),
      validationLoss: z.number().nullable().optional(),
    })
    .nullable(),
})

const Job = Summary.extend({
  job: z.record(z.string(), z.unknown()),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  usage: z.record(z.string(), z.number()).nullable(),
  outputs: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      cid: z.string(),
      transaction: z.string().nullable(),
      isEncrypted: z.boolean(),
    }),
  ),
  declarationCid: z.string().nullable(),
  result: z.unknown(),
  curve: z.array(
    z.object({
      round: z.number(),
      trainLoss: z.number(),
      validationLoss: z.number().nullable(),
    }),
  ),
  log: z.array(z.string()),
})
export type Job = z.infer<typeof Job>

const Refusal = z.object({ error: z.object({ message: z.string() }) })

const Artifact = z.object({
  cid: z.string(),
  name: z.string(),
  mediaType: z.string().nullable(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).nullable(),
})
export type TableArtifact = z.infer<typeof Artifact>

export type JobClient = Awaited<ReturnType<typeof openJobClient>>

/** The jobs of the running node, for its operator. */
export async function openJobClient(context: Context) {
  const { node, token } = await openOperator(context)
  const { signal } = context
  const ask = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetchFrom(node.url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal,
    })
    if (response.ok) return response
    const refusal = Refusal.safeParse(await response.json().catch(() => null))
    const reason = refusal.success ? refusal.data.error.message : `HTTP ${response.status}`
    throw cliError(response.status === 404 ? 'NOT_FOUND' : 'REFUSED', reason)
  }
  const pathOf = (id: string, rest = '') => `/v1/jobs/${encodeURIComponent(id)}${rest}`
  return {
    submit: async (order: object) => Job.parse(await (await ask('POST', '/v1/jobs', order)).json()),
    list: async () =>
      z.object({ jobs: z.array(Summary) }).parse(await (await ask('GET', '/v1/jobs')).json()).jobs,
    find: async (id: string) => Job.parse(await (await ask('GET', pathOf(id))).json()),
    cancel: async (id: string) => Job.parse(await (await ask('DELETE', pathOf(id))).json()),
    output: async (id: string, name: string) =>
      new Uint8Array(await (await ask('GET', pathOf(id, `/outputs/${name}`))).arrayBuffer()),
    artifact: async (cid: string) =>
      Artifact.parse(await (await ask('GET', `/v1/artifacts/${encodeURIComponent(cid)}`)).json()),
    /** The job at each of its changes, until it has ended. */
    async *follow(id: string): AsyncGenerator<Job> {
      const { body } = await ask('GET', pathOf(id, '/events'))
      if (!body) return
      for await (const data of eventsOf(body)) yield Job.parse(JSON.parse(data))
    },
  }
}

/** The data of server-sent events of one line each. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let held = ''
  const decoder = new TextDecoder()
  for await (const bytes of body) {
    const events = (held + decoder.decode(bytes, { stream: true })).split('\n\n')
    held = events.pop() ?? ''
    for (const event of events) if (event.startsWith('data: ')) yield event.slice(6)
  }
}
