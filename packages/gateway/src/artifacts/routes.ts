import { descriptionSchema, type Exchange, signedRequestSchema } from '@quoin/exchange'
import { hexToBytes } from '@quoin/kernel'
import { Bytes32 } from '@quoin/protocol'
import { z } from 'zod'
import {
  type Answer,
  type Exchange as HttpExchange,
  plain,
  type Route,
  route,
} from '../operation.ts'

const read = { ...plain, method: 'GET', tag: 'Artifacts' } as const
const write = { ...plain, method: 'POST', tag: 'Artifacts' } as const
const cid = z.string().min(8).max(128).describe('CID of the artifact')
const params = z.object({ cid })
const needsToken =
  'Ciphertext and what is open to all goes to anyone; other artifacts need the token of POST …/access as Authorization: Bearer.'

/** What a node has of data, models and programs, and the way to their content for whoever has a right. */
export function artifactRoutes(exchange: Exchange): Route[] {
  return [...describingRoutes(exchange), ...contentRoutes(exchange), ...rightsRoutes(exchange)]
}

function describingRoutes(exchange: Exchange): Route[] {
  return [
    route(
      {
        ...read,
        id: 'listArtifacts',
        path: '/v1/artifacts',
        summary: 'What this node has, the newest first',
        query: z.object({ limit: z.coerce.number().int().min(1).max(200).default(100) }),
        answer: z.object({ artifacts: z.array(descriptionSchema) }),
      },
      async ({ query: { limit } }) => {
        const newest = exchange.list().reverse().slice(0, limit)
        const artifacts = await Promise.all(newest.map((one) => exchange.describe(one.cid)))
        return { kind: 'json', body: { artifacts } }
      },
    ),
    route(
      {
        ...read,
        id: 'getArtifact',
        path: '/v1/artifacts/{cid}',
        summary: 'What an artifact is, and the licences that are offered for it',
        params,
        answer: descriptionSchema,
      },
      async ({ params: { cid } }) => ({ kind: 'json', body: await exchange.describe(cid) }),
    ),
  ]
}

function contentRoutes(exchange: Exchange): Route[] {
  return [
    route(
      {
        ...read,
        id: 'getBlock',
        path: '/v1/artifacts/{cid}/blocks/{block}',
        summary: 'One block; whoever reads it checks it against its CID',
        description: needsToken,
        params: z.object({ cid, block: z.string().min(8).max(128) }),
        answer: z.string(),
        answerType: 'application/vnd.ipld.raw',
      },
      async ({ params: { cid, block } }, http) => ({
        kind: 'bytes',
        status: 200,
        headers: {
          'content-type': 'application/vnd.ipld.raw',
          'x-content-type-options': 'nosniff',
        },
        body: await exchange.block(cid, block, tokenOf(http)),
      }),
    ),
    route(
      {
        ...read,
        id: 'getArchive',
        path: '/v1/artifacts/{cid}/car',
        summary: 'All blocks as a CAR of version 1',
        description: needsToken,
        params,
        answer: z.string(),
        answerType: 'application/vnd.ipld.car',
      },
      async ({ params: { cid } }, http) =>
        streamOut(
          http,
          'application/vnd.ipld.car; version=1',
          await exchange.archive(cid, tokenOf(http)),
        ),
    ),
    route(
      {
        ...write,
        id: 'challenge',
        path: '/v1/artifacts/{cid}/challenge',
        summary: 'Proof that the artifact is here: the blocks on the ways to random places',
        description: `The answer is the blocks in order, each after its length in four bytes, big-endian. ${needsToken}`,
        params,
        body: z.strictObject({ seed: Bytes32, count: z.int().min(1).max(64) }),
        answer: z.string(),
        answerType: 'application/octet-stream',
      },
      async ({ params: { cid }, body: { seed, count } }, http) => {
        const challenge = { seed: hexToBytes(seed), count }
        const blocks = await exchange.answerChallenge(cid, challenge, tokenOf(http))
        return streamOut(http, 'application/octet-stream', framed(blocks))
      },
    ),
  ]
}

function rightsRoutes(exchange: Exchange): Route[] {
  return [
    route(
      {
        ...write,
        id: 'requestKey',
        path: '/v1/artifacts/{cid}/keys',
        summary: 'The content key, sealed to the holder of a right to download',
        params,
        body: signedRequestSchema,
        answer: z.object({ envelope: z.object({}).loose() }),
      },
      async ({ params: { cid }, body }) => ({
        kind: 'json',
        body: { envelope: await exchange.giveKey(cid, body) },
      }),
    ),
    route(
      {
        ...write,
        id: 'requestAccess',
        path: '/v1/artifacts/{cid}/access',
        summary: 'A token to read the blocks, for the holder of a right to download',
        params,
        body: signedRequestSchema,
        answer: z.object({ token: z.string(), expiresAt: z.int() }),
      },
      async ({ params: { cid }, body }) => ({
        kind: 'json',
        body: await exchange.giveAccess(cid, body),
      }),
    ),
  ]
}

function tokenOf({ headers }: HttpExchange): string | null {
  const { authorization } = headers
  const given =
    typeof authorization === 'string' ? /^Bearer (\S{1,200})$/i.exec(authorization) : null
  return given?.[1] ?? null
}

async function* framed(blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const block of blocks) {
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, block.length)
    yield length
    yield block
  }
}

/** The first piece is made before anything is sent, so that what fails at once is told as an error. */
async function streamOut(
  { connection }: HttpExchange,
  contentType: string,
  source: AsyncIterable<Uint8Array>,
): Promise<Answer> {
  const pieces = source[Symbol.asyncIterator]()
  let next = await pieces.next()
  let isGone = false
  connection.onGone(() => {
    isGone = true
  })
  const stream = connection.stream(200, {
    'content-type': contentType,
    'x-content-type-options': 'nosniff',
  })
  try {
    while (!next.done && !isGone) {
      await stream.write(next.value)
      next = await pieces.next()
    }
    stream.end()
  } catch {
    stream.cut()
  } finally {
    await pieces.return?.()
  }
  return { kind: 'streamed' }
}
