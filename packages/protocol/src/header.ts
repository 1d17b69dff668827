import { protocolError } from './errors.ts'

/** The header names of x402 version 2 over HTTP, and ours for receipts. */
export const headerNames = {
  paymentRequired: 'PAYMENT-REQUIRED',
  paymentSignature: 'PAYMENT-SIGNATURE',
  paymentResponse: 'PAYMENT-RESPONSE',
  /** base64 of the JSON of a SignedReceipt. */
  receipt: 'QUOIN-RECEIPT',
  idempotencyKey: 'Idempotency-Key',
} as const

/** Node's HTTP parser takes 16 KiB of headers in all; a payment is about 1.5 KiB. */
export const maxHeaderBytes = 12_288

/** base64 (standard alphabet, padded) of the UTF-8 JSON text, as x402 headers carry it. */
export function encodeJsonHeader(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/**
 * The JSON value in a header; unknown until a schema has looked at it.
 * @throws CodedError `HEADER_TOO_LARGE`, or `INVALID_HEADER` when it is not base64 of UTF-8 JSON.
 */
export function decodeJsonHeader(header: string, maxBytes: number = maxHeaderBytes): unknown {
  if (header.length > maxBytes)
    throw protocolError(
      'HEADER_TOO_LARGE',
      `The header has ${header.length} characters, at most ${maxBytes} are read`,
    )
  try {
    const bytes = Uint8Array.from(atob(header), (character) => character.charCodeAt(0))
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw protocolError('INVALID_HEADER', 'The header is not base64 of a JSON text', { cause })
  }
}
