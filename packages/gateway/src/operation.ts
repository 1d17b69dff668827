import { z } from 'zod'
import { type ErrorShape, gatewayError } from './errors.ts'

/** Who may call: anyone, or only the node's operator (loopback and bearer token). */
type Access = 'public' | 'operator'

/** One operation of the gateway. Routes, validation and the OpenAPI document are all made from it. */
export interface Operation<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType,
> {
  id: string
  method: 'GET' | 'POST' | 'DELETE'
  /** With parameters in braces, as in OpenAPI. */
  path: string
  tag: 'OpenAI' | 'Open Inference' | 'x402' | 'Market' | 'Artifacts' | 'Models' | 'Jobs' | 'Node'
  summary: string
  description?: string
  params: P
  query: Q
  /** `noBody` when it takes none. */
  body: B
  answer: z.ZodType
  /** Content type of the answer; JSON when absent. */
  answerType?: string
  /** Further content types it may have. */
  alsoAnswers?: string[]
  /** A model call: metered, paid by x402 unless the service is free. */
  metered?: boolean
  access?: Access
  errors?: ErrorShape
}

const nothing = z.object({})
export const noBody = z.undefined()
/** Spread into an operation that takes no parameters and no body. */
export const plain = { params: nothing, query: nothing, body: noBody }

/** The request as it came, before validation. */
interface RawInput {
  params: unknown
  query: unknown
  body: unknown
}

/** What an operation gets: validated input, and the body as it was sent (for its hash). */
export interface Input<P, Q, B> {
  params: P
  query: Q
  body: B
  sent: unknown
}

/** What a handler knows of the request that it answers. */
export interface Exchange {
  requestId: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** Absolute, without the query. */
  url: string
  connection: Connection
}

/** The response side of the socket, for calls that stream or stop when their client leaves. */
export interface Connection {
  /** Runs once, when the client goes away before its answer is complete. */
  onGone(listener: () => void): void
  /** Takes the response over: sends status and headers now, and the body in pieces. */
  stream(status: number, headers: Record<string, string>): ResponseStream
}

export interface ResponseStream {
  /** Resolves when the reader has room again (or is gone). */
  write(piece: string | Uint8Array): Promise<void>
  end(): void
  /** Cuts the connection, so that nobody takes what came for the whole. */
  cut(): void
}

export type Answer =
  | { kind: 'json'; status?: number; headers?: Record<string, string>; body: object }
  | { kind: 'bytes'; status: number; headers: Record<string, string>; body: Uint8Array | string }
  /** The handler has sent everything through `connection.stream`. */
  | { kind: 'streamed' }

/** An operation with what answers it, its input types closed over. */
export interface Route {
  operation: Operation
  answer(raw: RawInput, exchange: Exchange): Promise<Answer>
}

export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  operation: Operation<P, Q, B>,
  handle: (
    input: Input<z.output<P>, z.output<Q>, z.output<B>>,
    exchange: Exchange,
  ) => Promise<Answer>,
): Route {
  const { params, query, body } = operation
  return {
    operation,
    answer: async (raw, exchange) => {
      const input = {
        params: parse(params, raw.params),
        query: parse(query, raw.query),
        body: parse(body, raw.body),
        sent: raw.body,
      }
      return handle(input, exchange)
    },
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = issue?.path.join('.') ?? ''
  const what = issue?.message ?? 'The request is not valid'
  throw gatewayError(
    'REQUEST_INVALID',
    where ? `${where}: ${what}` : what,
    where ? { param: where } : {},
  )
}
