import type { Hex } from '@quoin/kernel'
import {
  decodeJsonHeader,
  hashResponse,
  hashStream,
  headerNames,
  parseSseData,
  receiptMember,
  type SignedReceipt,
  SignedReceiptJson,
} from '@quoin/protocol'
import { sdkError } from './errors.ts'

/** What a whole answer says about its payment. */
export interface AnswerProof {
  /** Null when the provider gave none. */
  receipt: SignedReceipt | null
  responseHash: Hex
}

export function isEventStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
}

/** Reads an answer that is not streamed; its receipt is in a header. */
export async function readAnswer(
  response: Response,
): Promise<{ proof: AnswerProof; copy: Response }> {
  const body = new Uint8Array(await response.arrayBuffer())
  const header = response.headers.get(headerNames.receipt)
  const receipt = header === null ? null : parseReceipt(decodeHeader(header))
  const isEmpty = response.status === 204 || response.status === 304
  const copy = copyOf(response, isEmpty ? null : body)
  return { proof: { receipt, responseHash: hashResponse(body) }, copy }
}

export interface StreamWatch {
  /** The stream ended (or its last event was read): what it carried. A rejection becomes the stream's error. */
  ended(proof: AnswerProof): Promise<void>
  /** The reader stopped, or the connection broke, before the end. */
  broken(): void
}

/**
 * Passes a streamed answer through untouched, and tells what it carried: before its last event is handed on,
 * so that a reader who stops there has its receipt checked already.
 */
export function watchStream(response: Response, watch: StreamWatch): Response {
  if (!response.body) throw sdkError('PROTOCOL_VIOLATION', 'A streamed answer without a body')
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let isWatched = true
  const finish = async (): Promise<void> => {
    if (!isWatched) return
    isWatched = false
    await watch.ended(proofOfStream(text))
  }
  const read = async () => {
    try {
      return await reader.read()
    } catch (error) {
      if (isWatched) watch.broken()
      if (error instanceof Error && error.name === 'AbortError') throw error
      throw sdkError(
        'ANSWER_BROKEN',
        'The connection broke before the answer was complete; no more is charged than was made of it',
        { cause: error },
      )
    }
  }
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await read()
      if (done) {
        await finish()
        return controller.close()
      }
      if (isWatched) text += decoder.decode(value, { stream: true })
      if (isWatched && hasEnded(text)) await finish()
      controller.enqueue(value)
    },
    async cancel(reason) {
      if (isWatched) watch.broken()
      isWatched = false
      await reader.cancel(reason)
    },
  })
  return copyOf(response, stream)
}

function hasEnded(text: string): boolean {
  return text.includes('[DONE]') && parseSseData(text).includes('[DONE]')
}

function proofOfStream(text: string): AnswerProof {
  const payloads = parseSseData(text)
  const carrier = payloads.findLast((payload) => payload.includes(`"${receiptMember}"`))
  const event: unknown = carrier === undefined ? null : JSON.parse(carrier)
  const found =
    typeof event === 'object' && event !== null && receiptMember in event
      ? event[receiptMember]
      : null
  return {
    receipt: found === null ? null : parseReceipt(found),
    responseHash: hashStream(payloads),
  }
}

/** @throws CodedError `RECEIPT_WRONG` */
function parseReceipt(value: unknown): SignedReceipt {
  const parsed = SignedReceiptJson.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw sdkError(
    'RECEIPT_WRONG',
    `Not a receipt: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'is wrong'}`,
  )
}

function decodeHeader(header: string): unknown {
  try {
    return decodeJsonHeader(header)
  } catch (cause) {
    throw sdkError('RECEIPT_WRONG', `${headerNames.receipt} is not base64 of JSON`, { cause })
  }
}

function copyOf(response: Response, body: BodyInit | null): Response {
  const { status, statusText, headers, url } = response
  const copy = new Response(body, { status, statusText, headers })
  return Object.defineProperty(copy, 'url', { value: url })
}
