/**
 * Messages for heights that we have not reached. They wait here, outside the log, and come out as
 * ordinary inputs when their height starts, so that they pass through the log like all others
 * (messages that enter a height around the log make a validator equivocate after a crash).
 * Bounded by sender: a flood costs only the sender's own place.
 */
export interface FutureMessages<T> {
  /** Whether `add` would keep it: to be asked before its signatures are checked. */
  wants(height: number, sender: string, message: T): boolean
  add(height: number, sender: string, message: T): void
  /** Takes the messages of `height` out and drops those of earlier heights. */
  take(height: number): T[]
}

/**
 * Keeps messages of a weight of at most `perSender` of each sender for a height, for at most `heights` heights
 * ahead; of those with one key the first, unless it `prefers` a later one. Whoever passes messages on can
 * repeat them, but not make new ones.
 */
export function createFutureMessages<T>({
  perSender = 64,
  heights = 2,
  weigh = () => 1,
  keyOf = (message) => message,
  prefers = () => false,
}: {
  perSender?: number
  heights?: number
  weigh?: (message: T) => number
  keyOf?: (message: T) => unknown
  prefers?: (fresh: T, kept: T) => boolean
} = {}): FutureMessages<T> {
  let current = 0
  const waiting = new Map<number, Map<string, Map<unknown, T>>>()
  const keptOf = (height: number, sender: string) => waiting.get(height)?.get(sender)
  const wants = (height: number, sender: string, message: T) => {
    if (height <= current || height > current + heights) return false
    const known = keptOf(height, sender)
    const kept = known?.get(keyOf(message))
    if (kept !== undefined && !prefers(message, kept)) return false
    let weight = weigh(message) - (kept === undefined ? 0 : weigh(kept))
    for (const each of known?.values() ?? []) weight += weigh(each)
    return weight <= perSender
  }
  return {
    wants,
    add(height, sender, message) {
      if (!wants(height, sender, message)) return
      const bySender = waiting.get(height) ?? new Map<string, Map<unknown, T>>()
      waiting.set(height, bySender)
      const messages = bySender.get(sender) ?? new Map<unknown, T>()
      bySender.set(sender, messages)
      messages.set(keyOf(message), message)
    },
    take(height) {
      current = height
      const bySender = [...(waiting.get(height)?.values() ?? [])]
      const taken = bySender.flatMap((messages) => [...messages.values()])
      for (const key of waiting.keys()) if (key <= height) waiting.delete(key)
      return taken
    },
  }
}
