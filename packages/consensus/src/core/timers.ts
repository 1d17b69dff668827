import type { TimedStep, Timer } from './messages.ts'

/** How long to wait in round 0, and how much longer in each further round. */
export type TimerDurations = Readonly<Record<TimedStep, { baseMs: number; growthMs: number }>>

/**
 * Enough for a full block to be made and sent on a busy machine. Good rounds never wait for them; a dead
 * proposer costs one propose timeout (a quorum of nil needs no further wait).
 */
export const defaultTimerDurations: TimerDurations = {
  propose: { baseMs: 1000, growthMs: 500 },
  prevote: { baseMs: 500, growthMs: 250 },
  precommit: { baseMs: 500, growthMs: 250 },
}

/** Linear growth: after the network heals, some round is long enough for everyone. */
export function timerDurationMs(timer: Timer, durations: TimerDurations): number {
  const { baseMs, growthMs } = durations[timer.step]
  return baseMs + growthMs * timer.round
}
