import { CodedError, type ErrorDetail } from '@quoin/kernel'

/**
 * What can go wrong between an owner and who wants its data:
 * - `ARTIFACT_UNKNOWN`: neither this node nor the chain knows it.
 * - `RIGHT_MISSING`: the account has no licence for what it asks; the message says how to get one.
 * - `REQUEST_REFUSED`: a signed request that is malformed, too old, for someone else, or was used before.
 * - `KEY_UNAVAILABLE`: this node has no content key for it.
 * - `CATALOGUE_BROKEN`: a file of the catalogue cannot be read or written.
 * - `PUBLISH_REFUSED`: what was to be published cannot be.
 * - `NODE_UNREACHABLE`, `NODE_ANSWER_WRONG`: another node.
 */
export type ExchangeErrorCode =
  | 'ARTIFACT_UNKNOWN'
  | 'RIGHT_MISSING'
  | 'REQUEST_REFUSED'
  | 'KEY_UNAVAILABLE'
  | 'CATALOGUE_BROKEN'
  | 'PUBLISH_REFUSED'
  | 'NODE_UNREACHABLE'
  | 'NODE_ANSWER_WRONG'

export function exchangeError(
  code: ExchangeErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): CodedError<ExchangeErrorCode> {
  return new CodedError(code, message, options)
}
