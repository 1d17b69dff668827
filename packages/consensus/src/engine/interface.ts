import type { CodedError } from '@quoin/kernel'
import type { Evidence } from '../core/messages.ts'
import type { CoreState } from '../core/state.ts'
import type { DecidedBlock } from '../storage/block-store.ts'

/** What drives an execution layer through heights: BFT now; proof of work is to be another. */
export interface ConsensusEngine extends AsyncDisposable {
  /**
   * Brings execution up to what was decided before, then begins to decide.
   * @throws CodedError `EXECUTION_MISMATCH` when the two do not belong together.
   */
  start(): Promise<void>
  readonly status: ConsensusStatus
  /** After a block is durable in the store and is execution's head. */
  onDecided(listener: (decided: DecidedBlock) => void): () => void
  /** When the engine has stopped by itself: it decides nothing more, and has lost nothing. */
  onFailure(listener: (failure: CodedError) => void): () => void
  /** A validator has lied, and here is the proof; each lie once. */
  onEvidence(listener: (evidence: Evidence) => void): () => void
  /** All that is kept and not too old: to be submitted until the chain has it. */
  evidence(): readonly Evidence[]
}

export interface ConsensusStatus {
  /** The height that is being decided. */
  height: number
  round: number
  step: CoreState['step'] | 'failed'
  failure: CodedError | null
  /** How many heights the best peer says that it is ahead. */
  behind: number
  /** Whether this node votes at this height. */
  isValidator: boolean
}

export type ConsensusErrorCode =
  | 'CONFLICTING_SIGNATURE'
  | 'DISK_FAILED'
  | 'DISK_FULL'
  | 'EXECUTION_FAILED'
  | 'EXECUTION_MISMATCH'
  | 'ENGINE_BUG'
  | 'INVALID_BLOCK'
  | 'INVALID_CERTIFICATE'
  | 'INVALID_ENCODING'
  | 'INVALID_SIGNATURE'
  | 'INVALID_VALIDATORS'
  | 'LOG_CORRUPT'
  | 'STORE_GAP'
  | 'STORE_LOCKED'
