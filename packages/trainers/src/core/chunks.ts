const mostNumbers = 4_194_304
const mostRows = 4_096

/** Stretches of rows small enough for WebAssembly's memory; a function of the sizes alone, as sums go by them. */
export function* chunksOf(rows: number, width: number): Generator<{ from: number; to: number }> {
  const size = Math.max(1, Math.min(mostRows, Math.floor(mostNumbers / Math.max(1, width))))
  for (let from = 0; from < rows; from += size) yield { from, to: Math.min(rows, from + size) }
}
