import { CodedError, type ErrorDetail } from '@quoin/kernel'

/** Everything that can go wrong between us and the chain. */
export type LedgerErrorCode =
  /** A write on a ledger that was made without an account. */
  | 'READ_ONLY'
  /** The chain would revert the call; `detail.error` is the contract's error. Nothing was sent. */
  | 'CALL_REVERTED'
  /** The transaction is in a block, and reverted. */
  | 'TRANSACTION_REVERTED'
  /** Another transaction of the account took the nonce. */
  | 'TRANSACTION_REPLACED'
  /** The transaction is not in a block after the time limit; it may still come. */
  | 'TRANSACTION_PENDING'
  | 'INSUFFICIENT_FUNDS'
  | 'RPC_UNREACHABLE'
  | 'RPC_REFUSED'
  | 'WRONG_CHAIN'
  | 'SENDER_CLOSED'
  | 'NOT_FOUND'
  | 'INVALID_ORDER'

export type LedgerError = CodedError<LedgerErrorCode>

export function ledgerError(
  code: LedgerErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): LedgerError {
  return new CodedError(code, message, options)
}

export function isLedgerError(error: unknown, code: LedgerErrorCode): error is LedgerError {
  return error instanceof CodedError && error.code === code
}
