/** The models that every node serves, and where their files come from. */
import type { ModelDefinition } from '../core/definition.ts'
import { tinyLmVerifiable } from './tiny-lm.ts'
import { useLiteFast, useLiteVerifiable } from './use-lite.ts'

export const embeddedModels: readonly ModelDefinition[] = [
  useLiteVerifiable,
  useLiteFast,
  tinyLmVerifiable,
]

export { loadFiles } from './load-files.ts'
export { tinyLmVerifiable, useLiteFast, useLiteVerifiable }
