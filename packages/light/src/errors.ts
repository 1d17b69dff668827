import { CodedError, type ErrorDetail } from '@quoin/kernel'

/** Why a light client believes nothing, or no more. */
export type LightErrorCode =
  /** What a server says is not what the validators signed, or does not belong together. */
  | 'SERVER_LIED'
  /** A server could not be asked, or answered with an error. */
  | 'SERVER_FAILED'
  /** A server does not have what was asked for. */
  | 'NOT_AVAILABLE'
  /** A header without the signatures that it needs; `detail.reason` says what is missing. */
  | 'HEADER_UNPROVEN'
  /** The last trusted header is older than the trusting period: a new checkpoint is needed. */
  | 'TRUST_EXPIRED'
  /** The newest header that servers show is too old to be the newest there is. */
  | 'HEAD_STALE'
  /** Two certified headers at one height: nothing of this chain can be believed. */
  | 'CHAIN_FORKED'
  /** Kept state that is of another chain, or no state. */
  | 'STATE_INVALID'
  /** A question that cannot be answered with a proof. */
  | 'NOT_VERIFIABLE'
  /** A range or size beyond what the client takes on. */
  | 'TOO_MUCH'

export function lightError(
  code: LightErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): CodedError<LightErrorCode> {
  return new CodedError(code, message, options)
}
