import { z } from 'zod/mini'
import { squareRoot } from '../arithmetic.ts'
import type { Target } from '../target.ts'
import { classificationMetrics, classificationSchema } from './classification.ts'
import { regressionMetrics, regressionSchema } from './regression.ts'

export const metricsSchema = z.union([classificationSchema, regressionSchema])
export type Metrics = z.output<typeof metricsSchema>

/** Answers (probabilities, or values) for `rows` beside the truth. */
export function measureAnswers(answers: Float32Array, target: Target, rows: Int32Array): Metrics {
  if (target.kind === 'values')
    return regressionMetrics(
      answers,
      Float64Array.from(rows, (row) => target.values[row] ?? 0),
    )
  const labels = rows.map((row) => target.labels[row] ?? 0)
  return classificationMetrics(answers, labels, target.classes)
}

/** What knows only the training rows' targets: the shares of the classes, or the mean value. */
export function measureBaseline(
  target: Target,
  { train, rows }: { train: Int32Array; rows: Int32Array },
): Metrics {
  if (target.kind === 'values') {
    let sum = 0
    for (const row of train) sum += target.values[row] ?? 0
    const answers = new Float32Array(rows.length).fill(sum / train.length)
    return measureAnswers(answers, target, rows)
  }
  const counts = new Float32Array(target.classes.length)
  for (const row of train) {
    const label = target.labels[row] ?? 0
    counts[label] = (counts[label] ?? 0) + 1
  }
  const shares = counts.map((count) => count / train.length)
  const answers = new Float32Array(rows.length * shares.length)
  for (let row = 0; row < rows.length; row++) answers.set(shares, row * shares.length)
  return measureAnswers(answers, target, rows)
}

/** The metrics that are one number, by name. */
function scalarMetrics(metrics: Metrics): Record<string, number> {
  const scalars: Record<string, number> = {}
  for (const [name, value] of Object.entries(metrics))
    if (typeof value === 'number') scalars[name] = value
  return scalars
}

/** Mean and standard deviation (of the sample) of each metric over folds that all have it. */
export function summarizeFolds(folds: readonly Metrics[]) {
  const scalars = folds.map(scalarMetrics)
  const mean: Record<string, number> = {}
  const deviation: Record<string, number> = {}
  for (const name of Object.keys(scalars[0] ?? {})) {
    const values = scalars.flatMap((one) => one[name] ?? [])
    if (values.length < folds.length) continue
    const average = values.reduce((sum, value) => sum + value, 0) / values.length
    const squares = values.reduce((sum, value) => sum + (value - average) * (value - average), 0)
    mean[name] = average
    deviation[name] = squareRoot(squares / Math.max(1, values.length - 1))
  }
  return { mean, deviation }
}
