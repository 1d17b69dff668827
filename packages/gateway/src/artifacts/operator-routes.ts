import {
  type ArtifactRecord,
  artifactKinds,
  type Exchange,
  licenceActionSchema,
} from '@quoin/exchange'
import { CodedError } from '@quoin/kernel'
import { z } from 'zod'
import {
  type Answer,
  type Exchange as HttpExchange,
  plain,
  type Route,
  route,
} from '../operation.ts'

const write = { ...plain, method: 'POST', tag: 'Artifacts', access: 'operator' } as const
const cid = z.string().min(8).max(128)
const lines = { answer: z.string(), answerType: 'application/x-ndjson' } as const
const linesSaid =
  'Answers as it goes, a JSON object a line: {progress}, and at the end {artifact} or {error}.'

/** What only the node's operator may: publish, keep copies, offer licences, read who had what. */
export function artifactOperatorRoutes(exchange: Exchange): Route[] {
  return [
    route(
      {
        ...write,
        id: 'publishArtifact',
        path: '/quoin/admin/artifacts',
        summary: 'Publishes a file or folder of this machine, or a URL',
        description: linesSaid,
        body: z.strictObject({
          source: z.string().min(1).max(4096),
          name: z.string().min(1).max(200).optional(),
          kind: z.enum(artifactKinds).optional(),
          mediaType: z.string().max(200).optional(),
          encrypt: z.boolean().default(false),
          access: z.enum(['open', 'licensed']).default('licensed'),
          terms: z.string().max(256).default(''),
          tellColumns: z.boolean().default(true),
        }),
        ...lines,
      },
      async ({ body: { name, kind, mediaType, ...order } }, http) =>
        tellProgress(http, (call) =>
          exchange.publish(
            {
              ...order,
              ...(name !== undefined && { name }),
              ...(kind !== undefined && { kind }),
              ...(mediaType !== undefined && { mediaType }),
            },
            call,
          ),
        ),
    ),
    ...collectionRoutes(exchange),
    route(
      {
        ...write,
        id: 'removeArtifact',
        path: '/quoin/admin/artifacts/remove',
        summary: 'Serves an artifact no more, and frees its place on the disk',
        body: z.strictObject({ cid }),
        answer: z.object({ freedBytes: z.int() }),
      },
      async ({ body: { cid } }) => ({ kind: 'json', body: await exchange.remove(cid) }),
    ),
    route(
      {
        ...write,
        id: 'keepArtifact',
        path: '/quoin/admin/artifacts/keep',
        summary: 'Takes a copy of another node’s artifact, to serve it too',
        description: linesSaid,
        body: z.strictObject({ cid, from: z.url().max(2048).optional() }),
        ...lines,
      },
      async ({ body: { cid, from } }, http) =>
        tellProgress(http, (call) =>
          exchange.keep({ cid, ...(from !== undefined && { from }) }, call),
        ),
    ),
    route(
      {
        ...write,
        method: 'GET',
        id: 'getAccessLog',
        path: '/quoin/admin/artifacts/{cid}/access-log',
        summary: 'Who had, or was refused, an artifact',
        params: z.object({ cid }),
        answer: z.object({ entries: z.array(z.object({ time: z.string() }).loose()) }),
      },
      async ({ params: { cid } }) => ({
        kind: 'json',
        body: { entries: await exchange.accessLog(cid) },
      }),
    ),
    route(
      {
        ...write,
        id: 'actOnLicences',
        path: '/quoin/admin/licences',
        summary: 'Offers licences, closes an offer, revokes a right, names a custodian',
        body: licenceActionSchema,
        answer: z.object({ transaction: z.string(), offerId: z.string().optional() }),
      },
      async ({ body }) => ({ kind: 'json', body: await exchange.act(body) }),
    ),
  ]
}

const collected = z.object({ name: z.string(), everySeconds: z.int() }).loose()

function collectionRoutes(exchange: Exchange): Route[] {
  return [
    route(
      {
        ...write,
        id: 'collectArtifact',
        path: '/quoin/admin/collections',
        summary: 'Looks at a source again and again, and publishes what changed',
        body: z.strictObject({
          name: z.string().min(1).max(200),
          everySeconds: z.int().min(1).max(31_536_000),
          source: z.string().min(1).max(4096),
          kind: z.enum(artifactKinds).optional(),
          mediaType: z.string().max(200).optional(),
          encrypt: z.boolean().default(false),
          access: z.enum(['open', 'licensed']).default('licensed'),
          terms: z.string().max(256).default(''),
          tellColumns: z.boolean().default(true),
        }),
        answer: collected,
      },
      async ({ body: { name, everySeconds, ...order } }) => ({
        kind: 'json',
        body: await exchange.collect({ name, everySeconds, order }),
      }),
    ),
    route(
      {
        ...write,
        method: 'GET',
        id: 'listCollections',
        path: '/quoin/admin/collections',
        summary: 'Sources that are looked at, and when',
        answer: z.object({ collections: z.array(collected) }),
      },
      async () => ({ kind: 'json', body: { collections: exchange.collections() } }),
    ),
    route(
      {
        ...write,
        id: 'stopCollecting',
        path: '/quoin/admin/collections/stop',
        summary: 'Looks at a source no more; what it published stays',
        body: z.strictObject({ name: z.string().min(1).max(200) }),
        answer: z.object({ isStopped: z.boolean() }),
      },
      async ({ body: { name } }) => ({
        kind: 'json',
        body: { isStopped: await exchange.stopCollecting(name) },
      }),
    ),
  ]
}

interface Progress {
  bytes: number
}

/** At most five lines a second. */
const progressMs = 200

async function tellProgress<P extends Partial<Progress>>(
  { connection }: HttpExchange,
  work: (call: {
    signal: AbortSignal
    onProgress: (progress: P) => void
  }) => Promise<ArtifactRecord>,
): Promise<Answer> {
  const gone = new AbortController()
  connection.onGone(() => gone.abort())
  const stream = connection.stream(200, { 'content-type': 'application/x-ndjson' })
  const tell = (line: object) => stream.write(`${JSON.stringify(line)}\n`)
  let toldAt = 0
  const onProgress = (progress: P) => {
    if (performance.now() - toldAt < progressMs) return
    toldAt = performance.now()
    void tell({ progress })
  }
  try {
    await tell({ artifact: await work({ signal: gone.signal, onProgress }) })
  } catch (error) {
    const code = error instanceof CodedError ? error.code : 'INTERNAL'
    await tell({ error: { code, message: error instanceof Error ? error.message : 'failed' } })
  }
  stream.end()
  return { kind: 'streamed' }
}
