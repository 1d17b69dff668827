import { z } from 'zod/mini'
import { log } from '../arithmetic.ts'
import { areaUnderCurve } from './area-under-curve.ts'

const classMetricsSchema = z.strictObject({
  class: z.string(),
  rows: z.int(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
})

export const classificationSchema = z.strictObject({
  accuracy: z.number(),
  /** The mean of the classes' F1, each class alike. */
  macroF1: z.number(),
  /** Mean −log of the true class's probability, at least 1e-15 as scikit-learn has it. */
  logLoss: z.number(),
  /** Area under the ROC curve; with more than two classes the mean of each against the rest. Null when a class is absent. */
  auc: z.nullable(z.number()),
  classes: z.array(classMetricsSchema),
  /** confusion[true][predicted] in rows. */
  confusion: z.array(z.array(z.int())),
})

type ClassMetrics = z.output<typeof classMetricsSchema>
export type ClassificationMetrics = z.output<typeof classificationSchema>

const leastProbability = 1e-15

/** `probabilities` has a row of classes for each label. */
export function classificationMetrics(
  probabilities: Float32Array,
  labels: Int32Array,
  classes: readonly string[],
): ClassificationMetrics {
  const count = classes.length
  const confusion = classes.map(() => classes.map(() => 0))
  for (const [row, label] of labels.entries()) {
    const counts = confusion[label] ?? []
    const predicted = likeliest(probabilities.subarray(row * count, (row + 1) * count))
    counts[predicted] = (counts[predicted] ?? 0) + 1
  }
  const perClass = classes.map((name, index) => classMetrics(name, index, confusion))
  const right = perClass.reduce((sum, _, index) => sum + (confusion[index]?.[index] ?? 0), 0)
  return {
    accuracy: right / labels.length,
    macroF1: perClass.reduce((sum, { f1 }) => sum + f1, 0) / count,
    logLoss: logLoss(probabilities, labels, count),
    auc: meanArea(probabilities, labels, count),
    classes: perClass,
    confusion,
  }
}

/** The first of the greatest, as ONNX's ArgMax has it. */
function likeliest(probabilities: Float32Array): number {
  let best = 0
  for (let index = 1; index < probabilities.length; index++)
    if ((probabilities[index] ?? 0) > (probabilities[best] ?? 0)) best = index
  return best
}

/** Ratios without rows are 0, as scikit-learn has them. */
function classMetrics(name: string, index: number, confusion: number[][]): ClassMetrics {
  const hits = confusion[index]?.[index] ?? 0
  const rows = (confusion[index] ?? []).reduce((sum, one) => sum + one, 0)
  const predicted = confusion.reduce((sum, counts) => sum + (counts[index] ?? 0), 0)
  return {
    class: name,
    rows,
    precision: predicted === 0 ? 0 : hits / predicted,
    recall: rows === 0 ? 0 : hits / rows,
    f1: rows + predicted === 0 ? 0 : (2 * hits) / (rows + predicted),
  }
}

/** Mean −log p(label); probabilities are taken between 1e-15 and 1 − 1e-15. */
function logLoss(probabilities: ArrayLike<number>, labels: Int32Array, classes: number): number {
  let sum = 0
  for (let row = 0; row < labels.length; row++) {
    const probability = probabilities[row * classes + (labels[row] ?? 0)] ?? 0
    sum -= log(Math.min(1 - leastProbability, Math.max(leastProbability, probability)))
  }
  return sum / labels.length
}

function meanArea(probabilities: Float32Array, labels: Int32Array, count: number): number | null {
  const areaOf = (index: number) =>
    areaUnderCurve(
      Float64Array.from(labels, (_, row) => probabilities[row * count + index] ?? 0),
      Array.from(labels, (label) => label === index),
    )
  if (count === 2) return areaOf(1)
  let sum = 0
  for (let index = 0; index < count; index++) {
    const area = areaOf(index)
    if (area === null) return null
    sum += area
  }
  return sum / count
}
