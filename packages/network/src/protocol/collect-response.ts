/** The whole answer of a request as one piece. */
export async function collectResponse(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : new Uint8Array(Buffer.concat(parts))
}
