import { z } from 'zod'
import { cliError } from '../exit-codes.ts'
import { fetchFrom } from './endpoints.ts'

const Licensed = z.object({
  id: z.uuid(),
  status: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  endedMs: z.number().nullable(),
  progress: z
    .object({
      done: z.number(),
      of: z.number(),
      unit: z.string(),
      trainLoss: z.number().nullable().optional(),
    })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  usage: z.record(z.string(), z.number()).nullable(),
  outputs: z.array(
    z.object({ name: z.string(), kind: z.string(), cid: z.string(), envelope: z.unknown() }),
  ),
  result: z.unknown(),
})
export type LicensedJob = z.infer<typeof Licensed>

/** A job that went to another's node, and the word by which it is asked for. */
export const Ticket = z.object({ url: z.url(), id: z.uuid(), token: z.string() })
export type Ticket = z.infer<typeof Ticket>

const Refusal = z.object({ error: z.object({ message: z.string() }) })

export async function submitLicensedJob(
  url: string,
  order: { job: object; request: object },
  signal: AbortSignal,
): Promise<Ticket> {
  const base = url.replace(/\/$/, '')
  const response = await fetchFrom(`${base}/v1/licensed-jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
    signal,
  })
  const answer = await checked(response)
  return Ticket.parse({
    url: base,
    ...z.object({ id: z.uuid(), token: z.string() }).parse(await answer.json()),
  })
}

export async function findLicensedJob(ticket: Ticket, signal: AbortSignal): Promise<LicensedJob> {
  return Licensed.parse(await (await ask(ticket, '', signal)).json())
}

/** As it is at the node: encrypted. */
export async function fetchLicensedOutput(
  ticket: Ticket,
  name: string,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const { body } = await ask(ticket, `/outputs/${encodeURIComponent(name)}`, signal)
  if (body) return body
  throw cliError('NOT_REACHABLE', `${ticket.url} gave nothing for ${name}`)
}

async function ask({ url, id, token }: Ticket, path: string, signal: AbortSignal) {
  return checked(
    await fetchFrom(`${url}/v1/licensed-jobs/${id}${path}`, {
      headers: { authorization: `Bearer ${token}` },
      signal,
    }),
  )
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response
  const refusal = Refusal.safeParse(await response.json().catch(() => null))
  const reason = refusal.success ? refusal.data.error.message : `HTTP ${response.status}`
  throw cliError(response.status === 404 ? 'NOT_FOUND' : 'REFUSED', reason)
}
