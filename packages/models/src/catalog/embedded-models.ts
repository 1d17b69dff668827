import type { ModelDefinition } from '../core/definition.ts'
import { moderationVerifiable } from './moderation.ts'
import { tinyLmVerifiable } from './tiny-lm.ts'
import { useLiteFast, useLiteVerifiable } from './use-lite.ts'

/** The models that every node serves. Runs in browsers too: definitions, not files. */
export const embeddedModels: readonly ModelDefinition[] = [
  useLiteVerifiable,
  useLiteFast,
  tinyLmVerifiable,
  moderationVerifiable,
]
