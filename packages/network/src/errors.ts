import { CodedError, type ErrorDetail } from '@quoin/kernel'

export type NetworkErrorCode =
  | 'NETWORK_KEY_INVALID'
  | 'NETWORK_OPTION_INVALID'
  | 'NETWORK_LISTEN_FAILED'
  | 'NETWORK_CLOSED'
  | 'FRAME_TOO_LARGE'
  | 'FRAME_MALFORMED'
  | 'PEER_NOT_CONNECTED'
  | 'PEER_REFUSED'
  | 'REQUEST_TOO_LARGE'
  | 'REQUEST_TIMED_OUT'
  | 'REQUEST_REFUSED'
  | 'RESPONSE_TOO_LARGE'
  | 'RESPONSE_BROKEN'

export function networkError(
  code: NetworkErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): CodedError<NetworkErrorCode> {
  return new CodedError(code, message, options)
}
