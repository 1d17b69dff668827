import { CodedError } from '@quoin/kernel'
import type { PoolErrorCode } from '../interface.ts'

export function poolError(code: PoolErrorCode, message: string): CodedError<PoolErrorCode> {
  return new CodedError(code, message)
}
