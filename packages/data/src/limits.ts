export interface SessionLimits {
  /** What one query may take, from its start to its last row. */
  queryMs: number
  /** What the engine may hold in memory; more goes to disk where it can. */
  memoryBytes: number
  /** What the engine may put on disk. */
  diskBytes: number
  /** Rows that a query may give. */
  rows: number
}

export const defaultLimits: SessionLimits = {
  queryMs: 60_000,
  memoryBytes: 512 * 1024 * 1024,
  diskBytes: 8 * 1024 * 1024 * 1024,
  rows: 1_000_000,
}
