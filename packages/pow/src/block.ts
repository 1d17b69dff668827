import type { ExecutionPayload } from '@quoin/engine'
import {
  decodeRlp,
  encodeRlp,
  hexItem,
  payloadToRlp,
  type RlpItem,
  rlpToPayload,
  toHex,
  toList,
} from '@quoin/headers'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { rlpToSealedHeader, type SealedHeader, sealedHeaderToRlp } from './header.ts'

/** What a header's `bodyHash` stands for. */
export interface PowBody {
  payload: ExecutionPayload
  executionRequests: Hex[]
}

/** A mined block. */
export interface PowBlock extends SealedHeader, PowBody {}

/** Bodies are never changed. */
const hashes = new WeakMap<PowBody, Hex>()

/** Computed once for each object. */
export function bodyHash(body: PowBody): Hex {
  const known = hashes.get(body)
  if (known) return known
  const hash = bytesToHex(keccak256(encodeBody(body)))
  hashes.set(body, hash)
  return hash
}

export function encodeBody(body: PowBody): Uint8Array {
  return encodeRlp(powBodyToRlp(body))
}

/** @throws CodedError `INVALID_ENCODING` */
export function decodeBody(bytes: Uint8Array): PowBody {
  return rlpToPowBody(decodeRlp(bytes))
}

export function encodePowBlock(block: PowBlock): Uint8Array {
  return encodeRlp(powBlockToRlp(block))
}

/** @throws CodedError `INVALID_ENCODING` */
export function decodePowBlock(bytes: Uint8Array): PowBlock {
  return rlpToPowBlock(decodeRlp(bytes))
}

/**
 * The header alone of an encoded block, however large the rest is; the whole may still be no block.
 * @throws CodedError `INVALID_ENCODING`
 */
export function decodeHeaderOf(bytes: Uint8Array): SealedHeader {
  const start = (bytes[0] ?? 0) > 0xf7 ? (bytes[0] ?? 0) - 0xf7 + 1 : 1
  const first = bytes[start] ?? 0
  // A header's list has more than 55 bytes and less than 65,536.
  const size = Math.min(2, Math.max(0, first - 0xf7))
  let length = 0
  for (const byte of bytes.subarray(start + 1, start + 1 + size)) length = length * 256 + byte
  return rlpToSealedHeader(decodeRlp(bytes.subarray(start, start + 1 + size + length)))
}

function powBlockToRlp(block: PowBlock): RlpItem {
  return [sealedHeaderToRlp(block), powBodyToRlp(block)]
}

function rlpToPowBlock(item: RlpItem | undefined): PowBlock {
  const [header, body] = toList(item, 'block', 2)
  return { ...rlpToSealedHeader(header), ...rlpToPowBody(body) }
}

function powBodyToRlp({ payload, executionRequests }: PowBody): RlpItem {
  return [payloadToRlp(payload), executionRequests.map(hexItem)]
}

export function rlpToPowBody(item: RlpItem | undefined): PowBody {
  const [payload, requests] = toList(item, 'body', 2)
  return {
    payload: rlpToPayload(payload),
    executionRequests: toList(requests, 'requests').map((request) => toHex(request, 'request')),
  }
}
