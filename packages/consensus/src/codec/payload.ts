import type { ExecutionPayload } from '@quoin/engine'
import { EncodedRlp, encodeRlp, payloadToRlp } from '@quoin/headers'

const encodings = new WeakMap<ExecutionPayload, EncodedRlp>()

/** A payload encoded once, however often it is sent, logged, hashed and stored. Payloads never change. */
export function encodePayload(payload: ExecutionPayload): EncodedRlp {
  const known = encodings.get(payload)
  if (known) return known
  const encoded = new EncodedRlp(encodeRlp(payloadToRlp(payload)))
  encodings.set(payload, encoded)
  return encoded
}
