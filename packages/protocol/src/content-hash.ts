import { canonicalJson, type Hex } from '@quoin/kernel'
import { keccak256 } from 'viem'

/**
 * A receipt's requestHash: keccak256 of the UTF-8 text of the request body in canonical JSON
 * (RFC 8785), so that white space and the order of members do not matter.
 */
export function hashRequest(body: unknown): Hex {
  return keccak256(new TextEncoder().encode(canonicalJson(body)))
}

/** A receipt's responseHash: keccak256 of the exact bytes of the response body. */
export function hashResponse(body: Uint8Array): Hex {
  return keccak256(body)
}

/** The member of a stream's last data payload that carries the receipt. */
export const receiptMember = 'quoin_receipt'

/**
 * The bytes that a streamed answer's responseHash is over: for every event in order its data payload
 * (several `data:` lines joined by a line feed, as the SSE standard says) in UTF-8 followed by one line
 * feed. Left out are `[DONE]` with what follows it, as clients do, and the last payload where it carries the
 * receipt itself (a JSON object with the member `quoin_receipt`); that member elsewhere hides nothing from the
 * hash. So framing, comments, event names and the splitting into chunks do not matter.
 */
export function streamContent(payloads: Iterable<string>): Uint8Array {
  const read: string[] = []
  for (const payload of payloads) {
    if (payload === '[DONE]') break
    read.push(payload)
  }
  if (isReceiptCarrier(read.at(-1) ?? '')) read.pop()
  return new TextEncoder().encode(read.map((payload) => `${payload}\n`).join(''))
}

export function hashStream(payloads: Iterable<string>): Hex {
  return keccak256(streamContent(payloads))
}

/** The data payloads of a server-sent event stream's text, in order (WHATWG HTML, section 9.2.6). */
export function parseSseData(text: string): string[] {
  const payloads: string[] = []
  let lines: string[] = []
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (lines.length > 0) payloads.push(lines.join('\n'))
      lines = []
    } else if (line === 'data' || line.startsWith('data:')) {
      lines.push(line.slice(5).replace(/^ /, ''))
    }
  }
  return payloads
}

function isReceiptCarrier(payload: string): boolean {
  if (!payload.includes(`"${receiptMember}"`)) return false
  try {
    const value: unknown = JSON.parse(payload)
    return typeof value === 'object' && value !== null && Object.hasOwn(value, receiptMember)
  } catch {
    return false
  }
}
