import { networkError } from '../errors.ts'

/** Why a request gets no answer: too much is being served, the request is bad, the answerer failed. */
const requestRefusals = ['busy', 'malformed', 'failed'] as const
type RequestRefusal = (typeof requestRefusals)[number]

export type AnswerFrame =
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'refused'; readonly reason: RequestRefusal }

/** A type byte, then a chunk's bytes or a refusal's number. */
export function encodeAnswer(frame: AnswerFrame): Uint8Array {
  if (frame.type === 'end') return Uint8Array.of(1)
  if (frame.type === 'refused') return Uint8Array.of(2, requestRefusals.indexOf(frame.reason))
  const bytes = new Uint8Array(1 + frame.bytes.length)
  bytes.set(frame.bytes, 1)
  return bytes
}

export function decodeAnswer(bytes: Uint8Array): AnswerFrame {
  if (bytes[0] === 0) return { type: 'chunk', bytes: bytes.subarray(1) }
  if (bytes[0] === 1 && bytes.length === 1) return { type: 'end' }
  const reason = bytes[0] === 2 && bytes.length === 2 ? requestRefusals[bytes[1] ?? 255] : undefined
  if (reason !== undefined) return { type: 'refused', reason }
  throw networkError('FRAME_MALFORMED', 'A frame of an answer is none of the known ones.')
}
