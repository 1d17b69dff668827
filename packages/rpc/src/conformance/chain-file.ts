/** Cuts a `geth export` file (RLP blocks, one after the other) into its blocks. */
export function splitChainFile(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const end = offset + itemSize(bytes, offset)
    if (end > bytes.length)
      throw new Error(`The chain file ends within the block at byte ${offset}`)
    blocks.push(bytes.subarray(offset, end))
    offset = end
  }
  return blocks
}

/** Bytes of the RLP list at `offset` with its head (yellow paper, appendix B). */
function itemSize(bytes: Uint8Array, offset: number): number {
  const head = bytes[offset] ?? 0
  if (head < 0xc0) throw new Error(`Byte ${offset} of the chain file starts no block`)
  if (head <= 0xf7) return 1 + head - 0xc0
  const sizeBytes = head - 0xf7
  let size = 0
  for (const byte of bytes.subarray(offset + 1, offset + 1 + sizeBytes)) size = size * 256 + byte
  return 1 + sizeBytes + size
}
