import { powerOfTwo } from '../arithmetic.ts'
import type { BinnedFeatures } from './bin-features.ts'

/** First and second derivatives of the loss for each row, as whole multiples of `unit`. */
export interface Slopes {
  gradients: Float64Array
  curvatures: Float64Array
  /** A power of two. */
  unit: number
}

/** Sums of slopes and numbers of rows by bin, the features' bins after each other. */
export interface Histogram {
  features: Int32Array
  /** Where each feature's bins begin; one more for the end. */
  starts: Int32Array
  gradients: Float64Array
  curvatures: Float64Array
  counts: Int32Array
  /** [gradient, curvature] of all rows. */
  totals: [number, number]
}

/**
 * Rounds slopes to whole multiples of a power of two, so small that it costs no accuracy and so large
 * that the sum over all rows is exact in float64.
 */
export function quantizeSlopes(gradients: Float64Array, curvatures: Float64Array): Slopes {
  let most = 0
  for (let row = 0; row < gradients.length; row++)
    most = Math.max(most, Math.abs(gradients[row]!), curvatures[row]!)
  let power = -52
  for (let reach = most * gradients.length; reach >= 1; reach /= 2) power++
  // Slopes of almost nothing keep a unit that float64 has.
  for (let reach = most * gradients.length; reach < 0.5 && power > -200; reach *= 2) power--
  const unit = powerOfTwo(power)
  const inverse = powerOfTwo(-power)
  const round = (value: number) => Math.floor(value * inverse + 0.5)
  return { gradients: gradients.map(round), curvatures: curvatures.map(round), unit }
}

export function createHistogram({ edges }: BinnedFeatures, features: Int32Array): Histogram {
  const starts = new Int32Array(features.length + 1)
  for (let index = 0; index < features.length; index++)
    starts[index + 1] = starts[index]! + edges[features[index]!]!.length + 1
  const size = starts[features.length]!
  return {
    features,
    starts,
    gradients: new Float64Array(size),
    curvatures: new Float64Array(size),
    counts: new Int32Array(size),
    totals: [0, 0],
  }
}

export function addRows(
  histogram: Histogram,
  { bins }: BinnedFeatures,
  { rows, slopes }: { rows: Int32Array; slopes: Slopes },
): void {
  const { features, starts, gradients, curvatures, counts } = histogram
  for (let index = 0; index < features.length; index++) {
    const column = bins[features[index]!]!
    const start = starts[index]!
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!
      const bin = start + column[row]!
      gradients[bin]! += slopes.gradients[row]!
      curvatures[bin]! += slopes.curvatures[row]!
      counts[bin]! += 1
    }
  }
  for (let at = 0; at < rows.length; at++) {
    histogram.totals[0] += slopes.gradients[rows[at]!]!
    histogram.totals[1] += slopes.curvatures[rows[at]!]!
  }
}

/** What the rows of `whole` that are not in `part` would give; exact, as all sums are whole numbers. */
export function subtract(whole: Histogram, part: Histogram): Histogram {
  return {
    features: whole.features,
    starts: whole.starts,
    gradients: whole.gradients.map((sum, at) => sum - part.gradients[at]!),
    curvatures: whole.curvatures.map((sum, at) => sum - part.curvatures[at]!),
    counts: whole.counts.map((sum, at) => sum - part.counts[at]!),
    totals: [whole.totals[0] - part.totals[0], whole.totals[1] - part.totals[1]],
  }
}
