import { CodedError, type ErrorDetail } from '@quoin/kernel'
import type { ModelErrorCode } from '../interface.ts'

export type ModelError = CodedError<ModelErrorCode>

export function modelError(
  code: ModelErrorCode,
  message: string,
  options: { detail?: ErrorDetail; cause?: unknown } = {},
): ModelError {
  return new CodedError(code, message, options)
}

const codes: ReadonlySet<string> = new Set<ModelErrorCode>([
  'UNKNOWN_MODEL',
  'INPUT_INVALID',
  'INPUT_TOO_LARGE',
  'OVERLOADED',
  'MODEL_FAILED',
  'MODEL_CORRUPT',
])

export function isModelErrorCode(code: string): code is ModelErrorCode {
  return codes.has(code)
}
