/** The models that every node serves, and where their files come from. */
import type { ModelDefinition } from '../core/definition.ts'
import { moderationVerifiable } from './moderation.ts'
import { tinyLmVerifiable } from './tiny-lm.ts'
import { useLiteFast, useLiteVerifiable } from './use-lite.ts'

export const embeddedModels: readonly ModelDefinition[] = [
  useLiteVerifiable,
  useLiteFast,
  tinyLmVerifiable,
  moderationVerifiable,
]

export { loadFiles } from './load-files.ts'
export { moderationVerifiable, tinyLmVerifiable, useLiteFast, useLiteVerifiable }
