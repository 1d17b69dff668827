/**
 * Cuts a stream at multiples of `chunkBytes`, however its pieces come; the last chunk may be shorter and
 * an empty stream gives none. A piece that is just one chunk long passes without a copy; otherwise each
 * chunk is a fresh array, so callers may keep what they are given.
 */
export async function* fixedChunks(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  chunkBytes: number,
): AsyncGenerator<Uint8Array> {
  let chunk = new Uint8Array(0)
  let filled = 0
  for await (const piece of source) {
    let rest = piece
    while (rest.length > 0) {
      if (filled === 0 && rest.length === chunkBytes) {
        yield rest
        break
      }
      if (filled === 0) chunk = new Uint8Array(chunkBytes)
      const taken = rest.subarray(0, chunkBytes - filled)
      chunk.set(taken, filled)
      filled += taken.length
      rest = rest.subarray(taken.length)
      if (filled === chunkBytes) {
        yield chunk
        filled = 0
      }
    }
  }
  if (filled > 0) yield chunk.slice(0, filled)
}
