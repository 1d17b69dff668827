import type { Backend } from '@quoin/models/core'
import { type Checkpoint, encodeCheckpoint } from './checkpoint.ts'
import type { Declaration } from './declaration.ts'
import type { OnRound, TrainingContext } from './fit-model.ts'
import type { Metrics } from './metrics/measure.ts'
import type { Split } from './split.ts'
import type { Table } from './table.ts'

export interface TrainingProgress {
  /** From 1; null for the final model. */
  fold: number | null
  folds: number
  /** An epoch, an iteration or a tree, from 1. */
  round: number
  maxRounds: number
  trainLoss: number
  validationLoss: number | null
  /** What `resume` takes to go on after this round, in any process, to the same bytes. */
  checkpoint(): Uint8Array
}

export interface TrainingOptions {
  declaration: Declaration
  table: Table
  /** ONNX Runtime of the kind that the declaration names. */
  backend: Backend
  resume?: Uint8Array | undefined
  signal?: AbortSignal | undefined
  /** Awaited after each round. */
  onProgress?: (progress: TrainingProgress) => void | Promise<void>
}

/** One call of `trainModel` with what it found out before it began to learn. */
export interface TrainingRun extends TrainingOptions {
  context: TrainingContext
  /** Hashes of declaration and table. */
  identity: Checkpoint['identity']
  split: Split
  /** The rows' class numbers; null for regression. */
  labels: Int32Array | null
  /** Where an earlier call got to. */
  checkpoint: Checkpoint | null
}

/** Tells of the rounds of one fit, given the folds that were done before it. */
export function reportRounds(
  { onProgress, declaration, identity }: TrainingRun,
  { fold, done }: { fold: number | null; done: readonly Metrics[] },
): OnRound {
  return async ({ round, train, validation }, { maxRounds, state }) =>
    onProgress?.({
      fold,
      folds: declaration.crossValidation?.folds ?? 0,
      round,
      maxRounds,
      trainLoss: train,
      validationLoss: validation,
      checkpoint: () => encodeCheckpoint({ identity, folds: done, fit: state() }),
    })
}
