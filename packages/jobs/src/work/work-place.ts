import type { JobProgress } from './messages.ts'

/** Folders of a running job, and whom it tells how far it is. */
export interface WorkPlace {
  inputs: string
  outputs: string
  /** Lives on when the machine dies. */
  checkpoint: string
  report: (progress: JobProgress) => void
}
