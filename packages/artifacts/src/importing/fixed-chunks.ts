/**
 * Cuts a stream at multiples of `chunkBytes`, however its pieces come; the last chunk may be shorter and
 * an empty stream gives none. A chunk that lies in one piece is given without a copy.
 */
export async function* fixedChunks(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  chunkBytes: number,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let filled = 0
  for await (const piece of source) {
    let rest = piece
    while (rest.length > 0) {
      const part = rest.subarray(0, chunkBytes - filled)
      parts.push(part)
      filled += part.length
      rest = rest.subarray(part.length)
      if (filled < chunkBytes) continue
      yield join(parts, filled)
      parts = []
      filled = 0
    }
  }
  if (filled > 0) yield join(parts, filled)
}

function join(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const [only] = parts
  if (only && parts.length === 1) return only
  const joined = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
