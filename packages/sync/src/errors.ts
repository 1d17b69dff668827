import { CodedError } from '@quoin/kernel'

export type SyncErrorCode =
  /** Nobody who could help is connected. */
  | 'NO_PEERS'
  /** Peers do not have, or do not give, what a snapshot needs. */
  | 'SNAPSHOT_UNAVAILABLE'

export function syncError(code: SyncErrorCode, message: string, cause?: unknown) {
  return new CodedError<SyncErrorCode>(code, message, { cause })
}
