import { type BlockSource, parseCid } from '@quoin/artifacts'
import { CodedError } from '@quoin/kernel'
import { z } from 'zod'
import { type ArtifactDescription, descriptionSchema } from '../access/description.ts'
import type { SignedRequest } from '../access/signed-request.ts'
import { type ExchangeErrorCode, exchangeError } from '../errors.ts'

const maxBlockBytes = 2 << 20
const maxJsonBytes = 4 << 20

const errorSchema = z.object({ error: z.object({ message: z.string(), code: z.string() }) })
const grantSchema = z.object({ token: z.string().max(200), expiresAt: z.int() })
const listSchema = z.object({ artifacts: z.array(descriptionSchema) })

/** Another node's artifacts over HTTP. Nothing that it says is believed where it can be checked. */
export interface NodeApi {
  readonly url: string
  list(): Promise<ArtifactDescription[]>
  /** @throws CodedError `ARTIFACT_UNKNOWN` */
  describe(cid: string): Promise<ArtifactDescription>
  /** The envelope as it came. @throws CodedError `RIGHT_MISSING` */
  requestKey(cid: string, request: SignedRequest): Promise<unknown>
  /** A token to read blocks. @throws CodedError `RIGHT_MISSING` */
  requestAccess(cid: string, request: SignedRequest): Promise<string>
  /** Verified by whoever reads. */
  blocks(cid: string, token: string | null): BlockSource
  /** The blocks of an answer to a challenge, unverified. */
  challenge(
    cid: string,
    challenge: { seed: string; count: number },
    token: string | null,
  ): AsyncIterable<Uint8Array>
}

export interface NodeApiOptions {
  signal?: AbortSignal
  /** How long an answer may take, other than a block's, which is up to who asks for it. Default 60 s. */
  timeoutMs?: number
}

export function createNodeApi(endpoint: string, options: NodeApiOptions = {}): NodeApi {
  const { signal, timeoutMs = 60_000 } = options
  const url = endpoint.replace(/\/+$/, '')
  const pathOf = (cid: string) => `${url}/v1/artifacts/${parseCid(cid)}`

  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const asker = init.signal ?? signal
    const timeout = init.signal ? [] : [AbortSignal.timeout(timeoutMs)]
    const until = AbortSignal.any([...(asker ? [asker] : []), ...timeout])
    let response: Response
    try {
      response = await fetch(path, { ...init, redirect: 'error', signal: until })
    } catch (cause) {
      asker?.throwIfAborted()
      const what = until.aborted ? `${url} gives no answer` : `Nothing answers at ${url}`
      throw exchangeError('NODE_UNREACHABLE', what, { cause })
    }
    if (response.ok) return response
    throw await refusalOf(response, url)
  }
  const post = (path: string, body: object, token: string | null = null) =>
    ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(token) },
      body: JSON.stringify(body),
    })
  const json = async <T>(response: Response, schema: z.ZodType<T>): Promise<T> => {
    const parsed = schema.safeParse(parseJson(await readBounded(response, maxJsonBytes)))
    if (parsed.success) return parsed.data
    throw exchangeError('NODE_ANSWER_WRONG', `${url} does not answer as a node of Quoin`)
  }

  return {
    url,
    list: async () => (await json(await ask(`${url}/v1/artifacts`), listSchema)).artifacts,
    describe: async (cid) => json(await ask(pathOf(cid)), descriptionSchema),
    requestKey: async (cid, request) =>
      (await json(await post(`${pathOf(cid)}/keys`, request), z.object({ envelope: z.unknown() })))
        .envelope,
    requestAccess: async (cid, request) =>
      (await json(await post(`${pathOf(cid)}/access`, request), grantSchema)).token,
    blocks: (cid, token) => ({
      name: url,
      async getBlock(block, { signal: until }) {
        const path = `${pathOf(cid)}/blocks/${block}`
        try {
          const response = await ask(path, { signal: until, headers: bearer(token) })
          return await readBounded(response, maxBlockBytes)
        } catch (error) {
          if (error instanceof CodedError && error.code === 'ARTIFACT_UNKNOWN') return null
          throw error
        }
      },
    }),
    async *challenge(cid, challenge, token) {
      yield* framesOf(piecesOf(await post(`${pathOf(cid)}/challenge`, challenge, token)))
    },
  }
}

function bearer(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

const codes: Readonly<Record<string, ExchangeErrorCode>> = {
  right_missing: 'RIGHT_MISSING',
  request_refused: 'REQUEST_REFUSED',
  key_unavailable: 'KEY_UNAVAILABLE',
  not_found: 'ARTIFACT_UNKNOWN',
  artifact_unknown: 'ARTIFACT_UNKNOWN',
}

async function refusalOf(response: Response, url: string) {
  const text = await readBounded(response, 65_536).catch(() => new Uint8Array(0))
  const parsed = errorSchema.safeParse(parseJson(text))
  if (!parsed.success)
    return exchangeError('NODE_ANSWER_WRONG', `${url} answers ${response.status}`)
  const { code, message } = parsed.data.error
  return exchangeError(codes[code] ?? 'NODE_ANSWER_WRONG', printable(message))
}

/** What another says goes to a terminal: no control characters. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 1000)
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}

async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of piecesOf(response)) {
    bytes += piece.length
    if (bytes > maxBytes)
      throw exchangeError('NODE_ANSWER_WRONG', `${response.url} gives more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return new Uint8Array(Buffer.concat(pieces))
}

async function* piecesOf({ body, url }: Response): AsyncGenerator<Uint8Array> {
  try {
    if (body) yield* body
  } catch (cause) {
    throw exchangeError('NODE_UNREACHABLE', `The answer of ${new URL(url).origin} broke off`, {
      cause,
    })
  }
}

/** Blocks one after the other, each with its length before it in four bytes. */
async function* framesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0)
  for await (const piece of body) {
    held = Buffer.concat([held, piece])
    while (held.length >= 4) {
      const length = held.readUInt32BE(0)
      if (length > maxBlockBytes)
        throw exchangeError('NODE_ANSWER_WRONG', 'The answer to the challenge is malformed')
      if (held.length < 4 + length) break
      yield new Uint8Array(held.subarray(4, 4 + length))
      held = held.subarray(4 + length)
    }
  }
  if (held.length > 0)
    throw exchangeError('NODE_ANSWER_WRONG', 'The answer to the challenge breaks off')
}
