import { CodedError, type ErrorDetail } from '@quoin/kernel'

/**
 * Everything that can go wrong with artifacts, as a closed union:
 * - `INVALID_CID`: text that is no CID, or a CID of a kind that artifacts do not use.
 * - `INVALID_NODE`: a block whose bytes match its CID but are no UnixFS node that this package reads.
 * - `BLOCK_MISSING`, `BLOCK_CORRUPT`, `BLOCK_TOO_LARGE`: what a store or a peer gave for one CID.
 * - `LIMIT_EXCEEDED`: an artifact beyond what the caller is willing to take.
 * - `NOT_A_FILE`, `PATH_NOT_FOUND`, `INVALID_RANGE`: a reader asked for what is not there.
 * - `SOURCE_UNREADABLE`, `SOURCE_CHANGED`: the file or folder being published.
 * - `STORE_FULL`, `STORE_UNUSABLE`: the disk or service under a store.
 * - `INVALID_KEY`, `DECRYPTION_FAILED`, `INVALID_ENVELOPE`: encryption and its keys.
 * - `INVALID_CAR`: an archive that is malformed, incomplete, or beyond the limits.
 * - `FETCH_FAILED`: no source gave a block.
 * - `INVALID_PROOF`: an answer to a retrievability challenge that proves nothing.
 */
export type ArtifactErrorCode =
  | 'INVALID_CID'
  | 'INVALID_NODE'
  | 'BLOCK_MISSING'
  | 'BLOCK_CORRUPT'
  | 'BLOCK_TOO_LARGE'
  | 'LIMIT_EXCEEDED'
  | 'NOT_A_FILE'
  | 'PATH_NOT_FOUND'
  | 'INVALID_RANGE'
  | 'SOURCE_UNREADABLE'
  | 'SOURCE_CHANGED'
  | 'STORE_FULL'
  | 'STORE_UNUSABLE'
  | 'INVALID_KEY'
  | 'DECRYPTION_FAILED'
  | 'INVALID_ENVELOPE'
  | 'INVALID_CAR'
  | 'FETCH_FAILED'
  | 'INVALID_PROOF'

export class ArtifactError extends CodedError<ArtifactErrorCode> {
  constructor(
    code: ArtifactErrorCode,
    message: string,
    options: { detail?: ErrorDetail; cause?: unknown } = {},
  ) {
    super(code, message, options)
    this.name = 'ArtifactError'
  }
}

/** The code of an artifact error, or null for anything else. */
export function artifactErrorCode(error: unknown): ArtifactErrorCode | null {
  return error instanceof ArtifactError ? error.code : null
}
