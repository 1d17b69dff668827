import { CodedError, type ErrorDetail } from '@quoin/kernel'

export type TrainingErrorCode =
  /** The declaration is not of the form that this version understands. */
  | 'DECLARATION_INVALID'
  /** The declaration names a runtime that is not the one at hand. */
  | 'RUNTIME_MISMATCH'
  | 'TABLE_EMPTY'
  | 'TABLE_INVALID'
  | 'COLUMN_MISSING'
  | 'COLUMN_TYPE'
  /** A missing, infinite or otherwise unusable value. */
  | 'VALUE_INVALID'
  | 'CONSTANT_COLUMN'
  /** A label with one class, or a target that never changes. */
  | 'CONSTANT_TARGET'
  | 'TOO_MANY_CLASSES'
  | 'TOO_MANY_CATEGORIES'
  | 'TOO_MANY_FEATURES'
  | 'TOO_FEW_ROWS'
  /** The loss became infinite or not a number. */
  | 'DIVERGED'
  | 'CHECKPOINT_CORRUPT'
  /** The checkpoint is of another declaration or another table. */
  | 'CHECKPOINT_MISMATCH'

export type TrainingError = CodedError<TrainingErrorCode>

export function trainingError(
  code: TrainingErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): TrainingError {
  return new CodedError(code, message, options)
}
