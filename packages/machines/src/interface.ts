import type { MachineSpecInput } from './specification.ts'
import type { MachineState } from './state.ts'

/** What a driver keeps apart, said plainly to operators and to those whose programs run. */
export interface Isolation {
  /** `strangers`: programs of people who are not trusted. `trusted`: one's own programs only. */
  safeFor: 'strangers' | 'trusted'
  does: readonly string[]
  doesNot: readonly string[]
}

export type EndReason =
  /** The program ended by itself. */
  | 'exit'
  /** `stop` was called. */
  | 'stopped'
  /** A limit of the specification was reached. */
  | 'memory'
  | 'disk'
  | 'time'

export interface MachineEnd {
  reason: EndReason
  /** null when a signal ended the program. */
  exitCode: number | null
  usage: MachineUsage
}

export interface MachineUsage {
  /** Time on processors. */
  cpuMs: number
  /** Since the start. */
  wallMs: number
  /** The most at one time. */
  memoryBytes: number
  /** Now, in writable folders. */
  diskBytes: number
}

export interface LogLine {
  stream: 'out' | 'error'
  text: string
}

/** A program with limits, cut off from all that its specification does not name. */
export interface Machine extends AsyncDisposable {
  readonly id: string
  readonly state: MachineState
  /** @throws CodedError `WRONG_STATE`, `START_FAILED` */
  start(): Promise<void>
  /** Asks the program to end, and after `graceMs` ends it. @throws CodedError `WRONG_STATE` */
  stop(options?: { graceMs?: number }): Promise<MachineEnd>
  /** Settles when the program has ended and all that it started is gone. */
  readonly ended: Promise<MachineEnd>
  usage(): Promise<MachineUsage>
  /** What it printed: the latest lines, then those that come, to its end. Older ones are dropped. */
  logs(): AsyncIterable<LogLine>
}

export interface MachineDriver {
  readonly name: string
  readonly isolation: Isolation
  /** @throws CodedError `INVALID_SPECIFICATION` */
  create(specification: MachineSpecInput): Promise<Machine>
}
