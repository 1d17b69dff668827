import { bytesToHex, CodedError, canonicalJson, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { gatewayError } from '../errors.ts'

const encoder = new TextEncoder()

/**
 * keccak256 of the canonical JSON (RFC 8785) of a request's body: what its receipt binds. The same as
 * the protocol's `hashRequest`, on Node's faster hash.
 * @throws CodedError `REQUEST_INVALID` for a body nested beyond what can be walked, or with a number that is none
 */
export function requestHash(body: unknown): Hex {
  try {
    return bytesToHex(keccak256(encoder.encode(canonicalJson(body))))
  } catch (cause) {
    if (cause instanceof RangeError)
      throw gatewayError('REQUEST_INVALID', 'The body is nested too deeply', { cause })
    if (cause instanceof CodedError && cause.code === 'NOT_JSON')
      throw gatewayError('REQUEST_INVALID', 'The body has a number beyond 1.8e308', { cause })
    throw cause
  }
}
