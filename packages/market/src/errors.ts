import { CodedError, type ErrorDetail } from '@quoin/kernel'

export type MarketErrorCode =
  | 'STORE_FAILED'
  | 'STORE_BUSY'
  | 'CHAIN_UNREACHABLE'
  | 'TRANSACTION_FAILED'
  | 'AMOUNT_ABOVE_CEILING'
  | 'CALL_ENDED'
  | 'MARKET_CLOSED'
  | 'RECORDS_OUTDATED'
  | 'INVALID_OPTIONS'

export function marketError(
  code: MarketErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): CodedError<MarketErrorCode> {
  return new CodedError(code, message, options)
}
