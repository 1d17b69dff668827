/** How long a peer's answer may take, in milliseconds. */
export interface AnswerTimes {
  /** Until its first chunk and between two. */
  timeoutMs: number
  /** As a whole. */
  deadlineMs: number
  /** Until another peer is asked as well. */
  patienceMs: number
}

export const defaultTimes: AnswerTimes = {
  timeoutMs: 10_000,
  deadlineMs: 30_000,
  patienceMs: 4_000,
}
