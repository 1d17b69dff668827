import { z } from 'zod/mini'
import { squareRoot } from '../arithmetic.ts'

export const regressionSchema = z.strictObject({
  rmse: z.number(),
  mae: z.number(),
  /** 1 − residual / total sum of squares; null when the true values are all one. */
  r2: z.nullable(z.number()),
})

export type RegressionMetrics = z.output<typeof regressionSchema>

/** Predicted beside true values. */
export function regressionMetrics(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
): RegressionMetrics {
  const rows = actual.length
  let sum = 0
  for (let row = 0; row < rows; row++) sum += actual[row] ?? 0
  const mean = sum / rows
  let squares = 0
  let distances = 0
  let total = 0
  for (let row = 0; row < rows; row++) {
    const value = actual[row] ?? 0
    const error = (predicted[row] ?? 0) - value
    squares += error * error
    distances += Math.abs(error)
    total += (value - mean) * (value - mean)
  }
  return {
    rmse: squareRoot(squares / rows),
    mae: distances / rows,
    r2: total > 0 ? 1 - squares / total : null,
  }
}
