/** Features cut in ordered bins, column by column, so that histograms are small and fast. */
export interface BinnedFeatures {
  rows: number
  /** For each feature: a row is in the first bin whose edge is not below its value, else in the last. */
  edges: readonly Float32Array[]
  /** For each feature, the rows' bins. */
  bins: readonly Uint8Array[]
}

/** At most `most` (≤ 256) bins a feature: one for each distinct value, or by quantiles where there are more. */
export function binFeatures(
  features: Float32Array,
  { rows, width, most }: { rows: number; width: number; most: number },
): BinnedFeatures {
  const edges: Float32Array[] = []
  const bins: Uint8Array[] = []
  const column = new Float32Array(rows)
  for (let feature = 0; feature < width; feature++) {
    for (let row = 0; row < rows; row++) column[row] = features[row * width + feature]!
    const cuts = cutColumn(column.slice().sort(), most)
    edges.push(cuts)
    bins.push(Uint8Array.from(column, (value) => findBin(cuts, value)))
  }
  return { rows, edges, bins }
}

/** The edges between bins: halfway between neighbouring values of the sorted column. */
function cutColumn(sorted: Float32Array, most: number): Float32Array {
  const distinct = sorted.filter((value, index) => index === 0 || value !== sorted[index - 1])
  if (distinct.length <= most) return between(distinct)
  const chosen: number[] = []
  for (let bin = 1; bin < most; bin++) {
    const at = Math.floor((bin * sorted.length) / most)
    const edge = halfway(sorted[at - 1]!, sorted[at]!)
    // Many equal values fill several quantiles: the edge is then above them.
    const last = chosen.at(-1)
    if (edge < sorted[sorted.length - 1]! && (last === undefined || edge > last)) chosen.push(edge)
  }
  return Float32Array.from(chosen)
}

function between(distinct: Float32Array): Float32Array {
  return Float32Array.from({ length: distinct.length - 1 }, (_, index) =>
    halfway(distinct[index]!, distinct[index + 1]!),
  )
}

/** A float32 from `low` up to, but not, `high`. */
function halfway(low: number, high: number): number {
  const middle = Math.fround(low / 2 + high / 2)
  return middle >= low && middle < high ? middle : low
}

function findBin(edges: Float32Array, value: number): number {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
