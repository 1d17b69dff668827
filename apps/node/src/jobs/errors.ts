import { CodedError } from '@quoin/kernel'

type NodeJobErrorCode =
  /** Not on this node, or not as it stands: the message says why. */
  | 'JOB_REFUSED'
  /** Too many wait. */
  | 'JOBS_FULL'
  | 'OUTPUT_UNKNOWN'

export function nodeJobError(
  code: NodeJobErrorCode,
  message: string,
  cause?: unknown,
): CodedError<NodeJobErrorCode> {
  return new CodedError(code, message, { cause })
}
