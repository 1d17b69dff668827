import type { Architecture } from './engine.ts'
import { useLite } from './use-lite.ts'

export type ArchitectureName = 'use-lite'

/** The code that knows how to feed each kind of model and read its answers. */
export const architectures: Readonly<Record<ArchitectureName, Architecture>> = {
  'use-lite': useLite,
}
