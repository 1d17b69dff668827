/**
 * Messages for heights that we have not reached. They wait here, outside the log, and come out as
 * ordinary inputs when their height starts, so that they pass through the log like all others
 * (messages that enter a height around the log make a validator equivocate after a crash).
 * Bounded by sender: a flood costs only the sender's own place.
 */
export interface FutureMessages<T> {
  add(height: number, sender: string, message: T): void
  /** Takes the messages of `height` out and drops those of earlier heights. */
  take(height: number): T[]
}

/**
 * Keeps messages of a weight of at most `perSender` of each sender for a height, for at most `heights` heights
 * ahead; of those with one key the first. Whoever passes messages on can repeat them, but not make new ones.
 */
export function createFutureMessages<T>({
  perSender = 64,
  heights = 2,
  weigh = () => 1,
  keyOf = (message) => message,
}: {
  perSender?: number
  heights?: number
  weigh?: (message: T) => number
  keyOf?: (message: T) => unknown
} = {}): FutureMessages<T> {
  let current = 0
  const waiting = new Map<number, Map<string, Map<unknown, T>>>()
  return {
    add(height, sender, message) {
      if (height <= current || height > current + heights) return
      const bySender = waiting.get(height) ?? new Map<string, Map<unknown, T>>()
      waiting.set(height, bySender)
      const messages = bySender.get(sender) ?? new Map<unknown, T>()
      bySender.set(sender, messages)
      const key = keyOf(message)
      if (messages.has(key)) return
      let weight = weigh(message)
      for (const each of messages.values()) weight += weigh(each)
      if (weight <= perSender) messages.set(key, message)
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
