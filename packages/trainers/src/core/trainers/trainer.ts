import type { Backend, OnnxGraph, ValueName } from '@quoin/models/core'
import type { Arrays } from '../arrays.ts'
import type { Algorithm } from '../declaration.ts'

/** Encoded rows with what they should give: class numbers, or values of mean 0 and deviation 1. */
export interface Examples {
  readonly rows: number
  /** rows × width. */
  readonly features: Float32Array
  readonly targets: Int32Array | Float64Array
}

/** What a model looks like from outside. */
export interface Form {
  /** The numbers of an encoded row. */
  readonly width: number
  /** null for regression. */
  readonly classes: number | null
  /** [channels, height, width] when the rows are images. */
  readonly image: readonly [number, number, number] | null
}

export interface Problem extends Form {
  readonly train: Examples
  readonly validation: Examples | null
  readonly seed: number
}

interface RoundResult {
  /** Mean log loss, or mean squared error of the standardised values; without penalties. */
  trainLoss: number
  /** Nothing would change any more. */
  isConverged: boolean
}

/**
 * Learns in rounds: an epoch, an iteration, a tree. A round is a function of the state before it and of
 * its number, so training can stop after any and go on elsewhere to the same bits.
 */
export interface Trainer extends AsyncDisposable {
  readonly maxRounds: number
  runRound(index: number): Promise<RoundResult>
  /** The loss on the validation rows as the model is now; null without such rows. */
  validationLoss(): Promise<number | null>
  /** What the model consists of now (a copy). */
  parameters(): Arrays
  /** Everything that the next round depends on (a copy). */
  state(): Arrays
  restore(state: Arrays): void
}

/** One algorithm: how it learns, and how what it learnt predicts. */
export interface TrainerKind<A extends Algorithm = Algorithm> {
  open(backend: Backend, algorithm: A, problem: Problem): Promise<Trainer>
  /**
   * Adds the prediction from encoded rows [rows, width]: probabilities [rows, classes], or standardised
   * values [rows, 1].
   */
  addPredictor(
    graph: OnnxGraph,
    features: ValueName,
    model: { algorithm: A; form: Form; parameters: Arrays },
  ): ValueName
}
