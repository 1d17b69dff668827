import type { Architecture } from './engine.ts'
import { moderation } from './moderation.ts'
import { tabular } from './tabular.ts'
import { tinyLm } from './tiny-lm.ts'
import { useLite } from './use-lite.ts'

export type ArchitectureName = 'use-lite' | 'tiny-lm' | 'moderation' | 'tabular'

/** The code that knows how to feed each kind of model and read its answers. */
export const architectures: Readonly<Record<ArchitectureName, Architecture>> = {
  'use-lite': useLite,
  'tiny-lm': tinyLm,
  moderation,
  tabular,
}
