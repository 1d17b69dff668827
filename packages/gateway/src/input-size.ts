import type { Model } from '@quoin/models'
import { gatewayError } from './errors.ts'

/**
 * Checked before anything is counted or paid, so that a large input costs neither side much.
 * @throws CodedError `INPUT_TOO_LARGE`
 */
export function assertInputSize(model: Model, bytes: number, param: string): void {
  const { id, limits } = model.manifest
  if (bytes <= limits.maxInputBytes) return
  const what = `${param} has ${bytes} bytes; ${id} takes at most ${limits.maxInputBytes} in one call`
  throw gatewayError('INPUT_TOO_LARGE', what, { param })
}

/** @throws CodedError `INPUT_TOO_LARGE` */
export function assertTokenCount(model: Model, tokens: number, param: string): void {
  const { id, limits } = model.manifest
  if (limits.maxInputTokens === undefined || tokens <= limits.maxInputTokens) return
  const what = `${param} has a text of ${tokens} tokens; ${id} takes at most ${limits.maxInputTokens}`
  throw gatewayError('INPUT_TOO_LARGE', what, { param })
}
