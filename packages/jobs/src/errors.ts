export type JobErrorCode =
  /** A declaration that contradicts itself: the message names the place. */
  | 'INVALID_JOB'
  | 'UNKNOWN_JOB'
  /** The job's own failure: the same again would fail the same way. */
  | 'JOB_FAILED'
  /** It used more of something than it may. */
  | 'LIMIT_REACHED'
  /** Its outputs are not what was declared, so none leaves. */
  | 'OUTPUT_REFUSED'
  | 'CANCELLED'
  /** Signed by someone else, or for something else, or at another time. */
  | 'REQUEST_REFUSED'
