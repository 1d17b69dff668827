import type { Terminal } from './output/terminal.ts'
import type { Resolved } from './settings/resolve.ts'
import type { Settings } from './settings/settings.ts'

/** What every command gets. */
export interface Context {
  terminal: Terminal
  env: Readonly<Record<string, string | undefined>>
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal
  settings(): Promise<Resolved<Settings>>
}
