/**
 * The chance that a positive row has a higher score than a negative one, ties counting half (the
 * Mann–Whitney statistic). Null when one of the two kinds is absent.
 */
export function areaUnderCurve(
  scores: Float64Array,
  isPositive: readonly boolean[],
): number | null {
  const order = Array.from(scores, (_, row) => row).sort(
    (a, b) => (scores[a] ?? 0) - (scores[b] ?? 0),
  )
  const positives = isPositive.filter(Boolean).length
  const negatives = isPositive.length - positives
  if (positives === 0 || negatives === 0) return null
  let below = 0
  let wins = 0
  for (let start = 0; start < order.length; ) {
    let end = start
    const tied = [0, 0] as [number, number]
    do {
      tied[isPositive[order[end] ?? 0] ? 1 : 0] += 1
      end += 1
    } while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0])
    wins += tied[1] * (below + tied[0] / 2)
    below += tied[0]
    start = end
  }
  return wins / (positives * negatives)
}
