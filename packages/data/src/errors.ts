export type DataErrorCode =
  /** Its name or media type says no format that is known. */
  | 'UNKNOWN_FORMAT'
  /** A file is not what its format demands: the message names the file, the place, and what is wrong there. */
  | 'INVALID_FILE'
  /** SQL that does not parse, or names what is not there. */
  | 'INVALID_QUERY'
  /** SQL that does more than read the given tables, or whose answer would not be the same again. */
  | 'FORBIDDEN_QUERY'
  /** Rows, memory, disk or time ran out. */
  | 'LIMIT_EXCEEDED'
  /** A pipeline's declaration contradicts itself. */
  | 'INVALID_PIPELINE'
  /** The query process died. */
  | 'ENGINE_FAILED'
