import { type LicenceAction, licenceActionSchema } from '@quoin/exchange'
import { CodedError } from '@quoin/kernel'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { fetchFrom } from './endpoints.ts'
import { openOperator } from './operator.ts'

const lineSchema = z.object({
  progress: z
    .object({
      stage: z.string().optional(),
      bytes: z.number(),
      totalBytes: z.number().nullable().optional(),
    })
    .optional(),
  artifact: z.object({ cid: z.string() }).loose().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})
export type PublishedArtifact = z.infer<typeof artifactSchema>

const artifactSchema = z.object({
  cid: z.string(),
  name: z.string(),
  kind: z.string(),
  version: z.number(),
  replaces: z.string().nullable(),
  isEncrypted: z.boolean(),
  access: z.string(),
  sizeBytes: z.number(),
  storedBytes: z.number(),
  role: z.string(),
  transaction: z.string().nullable(),
})
const collectionSchema = z.object({
  name: z.string(),
  everySeconds: z.number(),
  order: z.object({ source: z.string() }),
  lookedAtMs: z.number(),
  problem: z.string().nullable(),
})
const refusalSchema = z.object({ error: z.object({ message: z.string() }) })
const actedSchema = z.object({ transaction: z.string(), offerId: z.string().optional() })

export interface Progress {
  stage?: string | undefined
  bytes: number
  totalBytes?: number | null | undefined
}

/** The running node of the data folder, as its operator asks it about artifacts and licences. */
export async function openArtifactNode(context: Context) {
  const { node, token } = await openOperator(context)
  const { signal } = context

  async function ask(path: string, body?: object): Promise<Response> {
    const response = await fetchFrom(node.url + path, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal,
    })
    if (response.ok) return response
    const refusal = refusalSchema.safeParse(await response.json().catch(() => null))
    const reason = refusal.success ? refusal.data.error.message : `HTTP ${response.status}`
    throw cliError('REFUSED', reason)
  }

  async function work(
    path: string,
    body: object,
    onProgress: (progress: Progress) => void,
  ): Promise<PublishedArtifact> {
    const response = await ask(path, body)
    for await (const line of linesOf(response)) {
      const { progress, artifact, error } = lineSchema.parse(JSON.parse(line))
      if (progress) onProgress(progress)
      if (error) throw new CodedError(error.code, error.message)
      if (artifact) return artifactSchema.parse(artifact)
    }
    throw cliError('NOT_REACHABLE', 'The node broke off; run the same command again to go on')
  }

  return {
    publish: (order: object, onProgress: (progress: Progress) => void) =>
      work('/quoin/admin/artifacts', order, onProgress),
    keep: (order: object, onProgress: (progress: Progress) => void) =>
      work('/quoin/admin/artifacts/keep', order, onProgress),
    async remove(cid: string) {
      const response = await ask('/quoin/admin/artifacts/remove', { cid })
      return z.object({ freedBytes: z.number() }).parse(await response.json())
    },
    async collect(order: object) {
      return collectionSchema.parse(await (await ask('/quoin/admin/collections', order)).json())
    },
    async collections() {
      const schema = z.object({ collections: z.array(collectionSchema) })
      return schema.parse(await (await ask('/quoin/admin/collections')).json()).collections
    },
    async stopCollecting(name: string) {
      const response = await ask('/quoin/admin/collections/stop', { name })
      return z.object({ isStopped: z.boolean() }).parse(await response.json()).isStopped
    },
    async accessLog(cid: string) {
      const path = `/quoin/admin/artifacts/${encodeURIComponent(cid)}/access-log`
      const schema = z.object({
        entries: z.array(
          z.object({
            time: z.string(),
            event: z.string(),
            account: z.string(),
            note: z.string().optional(),
            transaction: z.string().optional(),
          }),
        ),
      })
      return schema.parse(await (await ask(path)).json()).entries
    },
    async act(action: z.input<typeof licenceActionSchema>) {
      const order: LicenceAction = licenceActionSchema.parse(action)
      return actedSchema.parse(await (await ask('/quoin/admin/licences', order)).json())
    },
  }
}

async function* linesOf({ body }: Response): AsyncGenerator<string> {
  if (!body) return
  let held = ''
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (held + text).split('\n')
    held = lines.pop() ?? ''
    yield* lines
  }
}
