import type { BinnedFeatures } from './bin-features.ts'
import { addRows, createHistogram, type Histogram, type Slopes, subtract } from './histogram.ts'
import type { Tree } from './tree.ts'

export interface GrowOptions {
  depth: number
  minRows: number
  l2: number
  learningRate: number
  /** The features that this tree may use, ascending. */
  features: Int32Array
}

interface Node {
  rows: Int32Array
  histogram: Histogram
  level: number
}

interface Cut {
  gain: number
  feature: number
  bin: number
}

const leastGain = 1e-9

/**
 * Grows one tree on the slopes of the loss (Chen and Guestrin, XGBoost, 2016, section 2.2; histograms as
 * in LightGBM): the cut with the greatest gain at each node, the first of equals. All sums are of whole
 * numbers, so their order does not matter and the sibling's histogram is the parent's less the child's.
 */
export function growTree(
  binned: BinnedFeatures,
  { rows, slopes }: { rows: Int32Array; slopes: Slopes },
  options: GrowOptions,
): Tree {
  const draft: Draft = { feature: [], threshold: [], left: [], right: [], value: [] }
  const root = createHistogram(binned, options.features)
  addRows(root, binned, { rows, slopes })
  grow({ rows, histogram: root, level: 0 }, { binned, slopes, options, draft })
  return {
    feature: Int32Array.from(draft.feature),
    threshold: Float32Array.from(draft.threshold),
    left: Int32Array.from(draft.left),
    right: Int32Array.from(draft.right),
    value: Float32Array.from(draft.value),
  }
}

type Draft = Record<keyof Tree, number[]>
interface Context {
  binned: BinnedFeatures
  slopes: Slopes
  options: GrowOptions
  draft: Draft
}

/** Adds the node and all below it; gives its number. */
function grow(node: Node, context: Context): number {
  const { binned, slopes, options, draft } = context
  const { rows, histogram, level } = node
  const id = draft.feature.length
  draft.feature.push(-1)
  draft.threshold.push(0)
  draft.left.push(0)
  draft.right.push(0)
  draft.value.push(leafOf(histogram, slopes, options))
  const mayCut = level < options.depth && rows.length >= 2 * options.minRows
  const cut = mayCut ? bestCut(histogram, rows.length, { slopes, options }) : null
  if (!cut) return id
  const { left, right } = partition(rows, binned.bins[cut.feature]!, cut.bin)
  const smaller = createHistogram(binned, options.features)
  addRows(smaller, binned, { rows: left.length < right.length ? left : right, slopes })
  const larger = subtract(histogram, smaller)
  const isLeftSmaller = left.length < right.length
  draft.feature[id] = cut.feature
  draft.threshold[id] = binned.edges[cut.feature]![cut.bin]!
  draft.value[id] = 0
  const below = (part: Int32Array, isSmaller: boolean) =>
    grow({ rows: part, histogram: isSmaller ? smaller : larger, level: level + 1 }, context)
  draft.left[id] = below(left, isLeftSmaller)
  draft.right[id] = below(right, !isLeftSmaller)
  return id
}

/** The step that a leaf takes: −rate · G / (H + l2), in the units of the scores. */
function leafOf(
  { totals }: Histogram,
  { unit }: Slopes,
  { learningRate, l2 }: GrowOptions,
): number {
  const [gradient = 0, curvature = 0] = totals
  return Math.fround((-learningRate * gradient * unit) / Math.max(curvature * unit + l2, 1e-12))
}

function bestCut(
  { totals, gradients, curvatures, counts, starts, features }: Histogram,
  rows: number,
  { slopes: { unit }, options: { l2, minRows } }: { slopes: Slopes; options: GrowOptions },
): Cut | null {
  const score = (gradient: number, curvature: number) =>
    (gradient * unit * gradient * unit) / Math.max(curvature * unit + l2, 1e-12)
  const [gradient = 0, curvature = 0] = totals
  const whole = score(gradient, curvature)
  let best: Cut | null = null
  for (let index = 0; index < features.length; index++) {
    let leftGradient = 0
    let leftCurvature = 0
    let leftRows = 0
    // The last bin has no edge to cut at.
    for (let at = starts[index]!; at < starts[index + 1]! - 1; at++) {
      leftGradient += gradients[at]!
      leftCurvature += curvatures[at]!
      leftRows += counts[at]!
      if (leftRows < minRows) continue
      if (rows - leftRows < minRows) break
      const gain =
        score(leftGradient, leftCurvature) +
        score(gradient - leftGradient, curvature - leftCurvature) -
        whole
      if (gain > (best?.gain ?? leastGain))
        best = { gain, feature: features[index]!, bin: at - starts[index]! }
    }
  }
  return best
}

function partition(rows: Int32Array, bins: Uint8Array, bin: number) {
  let count = 0
  for (let index = 0; index < rows.length; index++) if (bins[rows[index]!]! <= bin) count++
  const left = new Int32Array(count)
  const right = new Int32Array(rows.length - count)
  let atLeft = 0
  let atRight = 0
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!
    if (bins[row]! <= bin) left[atLeft++] = row
    else right[atRight++] = row
  }
  return { left, right }
}
