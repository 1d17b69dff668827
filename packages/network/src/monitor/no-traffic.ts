import type { Traffic } from '../network.ts'

/** Counters at zero, to be counted up by their owner. */
export function noTraffic(): Traffic {
  return { messagesIn: 0, bytesIn: 0, messagesOut: 0, bytesOut: 0, dropped: 0 }
}
