import type { CallResult, Tracer } from '@quoin/execution'
import type { Hex } from '@quoin/kernel'

/** What is known of a traced run besides what the tracer saw. */
export interface TracedRun {
  result: CallResult
  /** The transaction's gas limit. */
  gasLimit: bigint
}

/** Records one run and turns it into the JSON that debug_trace* answers with. */
export interface Recorder {
  readonly tracer: Tracer
  finish(run: TracedRun): unknown
}

/** A bound on what a trace may hold: traces of long runs would fill the memory otherwise. */
export class TraceBudget {
  #left: number

  constructor(characters: number) {
    this.#left = characters
  }

  /** False once the budget is spent: record nothing more. */
  spend(characters: number): boolean {
    this.#left -= characters
    return this.#left >= 0
  }

  get isSpent(): boolean {
    return this.#left < 0
  }
}

export type RecorderFactory = (budget: TraceBudget) => Recorder

export interface LogRecord {
  address: Hex
  topics: Hex[]
  data: Hex
  position: Hex
}
