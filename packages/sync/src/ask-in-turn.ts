import { setTimeout as delay } from 'node:timers/promises'
import type { PeerId } from '@quoin/network'

interface Asking {
  /** Whom to ask now, undefined when nobody is left. */
  next(): PeerId | undefined
  /** Rejects only when its signal has aborted: another one was faster. */
  ask(peer: PeerId, signal: AbortSignal): Promise<void>
  isDone(): boolean
  /** Who does not answer for so long is not waited for alone. */
  patienceMs: number
  signal: AbortSignal
}

/** Asks peer after peer, the next one as soon as one has answered in vain or lets us wait, until it is done. */
export async function askInTurn({ next, ask, isDone, patienceMs, signal }: Asking): Promise<void> {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const underway = new Set<Promise<unknown>>()
  try {
    while (!isDone()) {
      signal.throwIfAborted()
      const peer = next()
      if (peer === undefined && underway.size === 0) return
      const waits = new AbortController()
      if (peer !== undefined) {
        const asked = ask(peer, either).finally(() => underway.delete(asked))
        underway.add(asked)
        const patience = delay(patienceMs, undefined, { signal: waits.signal })
        await Promise.race([...underway, patience.catch(() => undefined)])
      } else await Promise.race(underway)
      waits.abort()
    }
  } finally {
    over.abort()
    await Promise.allSettled(underway)
  }
}
