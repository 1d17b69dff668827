import type { Declaration } from '../declaration.ts'
import type { CurvePoint } from '../fit-rounds.ts'
import type { Metrics } from '../metrics/measure.ts'

/** What a training came to. A function of declaration and table: no clock, no machine in it. */
export interface TrainingReport {
  version: 1
  declaration: Declaration
  declarationHash: string
  tableHash: string
  modelCid: string
  modelBytes: number
  classes: readonly string[] | null
  rows: { train: number; validation: number; test: number }
  /** Numbers of an encoded row. */
  encodedWidth: number
  /** Measured on what the written model file answers. */
  metrics: { train: Metrics; validation: Metrics | null; test: Metrics | null }
  /** The same parts for a model that knows the shares of the classes, or the mean, only. */
  baseline: { train: Metrics; validation: Metrics | null; test: Metrics | null }
  /** Loss by round: log loss, or mean squared error over the training target's variance. */
  curve: readonly CurvePoint[]
  keptRound: number
  crossValidation: {
    folds: readonly Metrics[]
    mean: Readonly<Record<string, number>>
    deviation: Readonly<Record<string, number>>
  } | null
}
