import {
  decodeRlp,
  EncodedRlp,
  encodeRlp,
  hexItem,
  numberItem,
  toBigint,
  toHex,
  toList,
  toNumber,
} from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import { type PowBody, rlpToPowBody } from '../block.ts'
import type { PowErrorCode } from '../errors.ts'
import { rlpToSealedHeader, type SealedHeader, sealedHeaderToRlp } from '../header.ts'

/** Of one answer. */
export const mostHeaders = 512
export const mostBodies = 64
const mostLocatorIds = 80

export type Question =
  | { type: 'head' }
  /** Headers of the answerer's canonical chain after the first id that it knows there. */
  | { type: 'headers'; locator: Hex[] }
  | { type: 'bodies'; ids: Hex[] }

export interface HeadAnswer {
  id: Hex
  height: number
  totalWork: bigint
}

const kinds = { head: 1, headers: 2, bodies: 3 } as const

export function encodeQuestion(question: Question): Uint8Array {
  const kind = numberItem(kinds[question.type])
  if (question.type === 'head') return encodeRlp([kind])
  const ids = question.type === 'headers' ? question.locator : question.ids
  return encodeRlp([kind, ids.map(hexItem)])
}

/** @throws CodedError `INVALID_ENCODING`, `INVALID_MESSAGE` */
export function decodeQuestion(bytes: Uint8Array): Question {
  const [kindItem, idsItem] = toList(decodeRlp(bytes), 'question')
  const kind = toNumber(kindItem, 'question kind')
  if (kind === kinds.head) return { type: 'head' }
  const ids = toList(idsItem, 'ids').map((id) => toHex(id, 'id', 32))
  if (kind === kinds.headers && ids.length <= mostLocatorIds)
    return { type: 'headers', locator: ids }
  if (kind === kinds.bodies && ids.length <= mostBodies) return { type: 'bodies', ids }
  throw new CodedError<PowErrorCode>('INVALID_MESSAGE', `No question of kind ${kind} is answered`)
}

export function encodeHeadAnswer({ id, height, totalWork }: HeadAnswer): Uint8Array {
  return encodeRlp([hexItem(id), numberItem(height), numberItem(totalWork)])
}

export function decodeHeadAnswer(bytes: Uint8Array): HeadAnswer {
  const [id, height, totalWork] = toList(decodeRlp(bytes), 'head', 3)
  return {
    id: toHex(id, 'head id', 32),
    height: toNumber(height, 'head height'),
    totalWork: toBigint(totalWork, 'total work'),
  }
}

export function encodeHeaders(headers: readonly SealedHeader[]): Uint8Array {
  return encodeRlp(headers.map(sealedHeaderToRlp))
}

export function decodeHeaders(bytes: Uint8Array): SealedHeader[] {
  const items = toList(decodeRlp(bytes), 'headers')
  if (items.length > mostHeaders)
    throw new CodedError<PowErrorCode>('INVALID_MESSAGE', `${items.length} headers at once`)
  return items.map(rlpToSealedHeader)
}

/** Of bodies as `encodeBody` gives them. */
export function encodeBodies(bodies: readonly Uint8Array[]): Uint8Array {
  return encodeRlp(bodies.map((body) => new EncodedRlp(body)))
}

export function decodeBodies(bytes: Uint8Array): PowBody[] {
  const items = toList(decodeRlp(bytes), 'bodies')
  if (items.length > mostBodies)
    throw new CodedError<PowErrorCode>('INVALID_MESSAGE', `${items.length} bodies at once`)
  return items.map(rlpToPowBody)
}
