import type { Terminal } from './terminal.ts'

const patienceMs = 15_000

/** Waits for a transaction, and says after a while what it may be that takes so long. */
export async function patiently<T>(terminal: Terminal, mined: Promise<T>): Promise<T> {
  const timer = setTimeout(() => {
    terminal.note(
      'No block has it yet: too few validators may run (`quoin net status`, `quoin chain status`). It stays sent; Ctrl-C ends the waiting only.',
    )
  }, patienceMs)
  try {
    return await mined
  } finally {
    clearTimeout(timer)
  }
}
