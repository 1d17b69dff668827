import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { importBytes } from '@quoin/artifacts'

/** The CID of a file as it lies open, as every IPFS tool computes it. */
export async function fileCid(path: string): Promise<string> {
  const { cid } = await importBytes(createReadStream(path), { write: async () => {} })
  return cid.toString()
}

/** Where two files differ first, in bytes from the start; null where they are the same. */
export async function firstDifference(a: string, b: string): Promise<number | null> {
  await using one = await open(a, 'r')
  await using other = await open(b, 'r')
  const size = 1 << 20
  for (let at = 0; ; at += size) {
    const [left, right] = await Promise.all(
      [one, other].map(async (file) => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, at)
        return buffer.subarray(0, bytesRead)
      }),
    )
    if (!left || !right) return null
    const length = Math.min(left.length, right.length)
    for (let byte = 0; byte < length; byte++) if (left[byte] !== right[byte]) return at + byte
    if (left.length !== right.length) return at + length
    if (length < size) return null
  }
}
