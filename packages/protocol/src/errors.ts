import { CodedError, type ErrorDetail } from '@quoin/kernel'

export type ProtocolErrorCode =
  | 'INVALID_HEADER'
  | 'HEADER_TOO_LARGE'
  | 'INVALID_MESSAGE'
  | 'INVALID_MONEY'
  | 'INVALID_NETWORK'

export function protocolError(
  code: ProtocolErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): CodedError<ProtocolErrorCode> {
  return new CodedError(code, message, options)
}
