import { BalancedTree } from '../dag/balanced-tree.ts'
import { type Block, cidOf, rawCode } from '../dag/cid.ts'
import type { Link } from '../dag/encode-node.ts'
import { profile } from '../dag/profile.ts'
import { fixedChunks } from './fixed-chunks.ts'

/** Called with the bytes of content taken in so far. */
export type ProgressListener = (progress: { bytes: number }) => void

export type ImportOptions = {
  /** Keeps a block; resolves once it is kept. Called for several blocks at once, leaves before parents. */
  write: (block: Block) => Promise<void>
  signal?: AbortSignal | undefined
  onProgress?: ProgressListener | undefined
}

/** Leaves hashed and written at the same time: bounds memory to about as many MiB. */
const maxLeavesInFlight = 8

/**
 * Turns a stream into a UnixFS file and gives its root. Only the chunks in flight and one tree node a
 * level are in memory. The source must not reuse arrays that it gave. An empty stream is the empty raw
 * block, as in Kubo.
 */
export async function importBytes(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { write, signal, onProgress }: ImportOptions,
): Promise<Link> {
  const tree = new BalancedTree(write)
  const inFlight: Promise<Link>[] = []
  let bytes = 0
  const takeOldest = async (): Promise<void> => {
    const link = await inFlight.shift()
    if (!link) return
    await tree.add(link)
    bytes += link.sizeBytes
    onProgress?.({ bytes })
  }
  try {
    for await (const chunk of fixedChunks(source, profile.chunkBytes)) {
      signal?.throwIfAborted()
      const leaf = keepLeaf(chunk, write)
      leaf.catch(() => {}) // it is awaited in its turn
      inFlight.push(leaf)
      if (inFlight.length >= maxLeavesInFlight) await takeOldest()
    }
    while (inFlight.length > 0) await takeOldest()
  } finally {
    await Promise.allSettled(inFlight)
  }
  if (bytes === 0) await tree.add(await keepLeaf(new Uint8Array(0), write))
  return tree.finish()
}

async function keepLeaf(bytes: Uint8Array, write: ImportOptions['write']): Promise<Link> {
  const cid = await cidOf(rawCode, bytes)
  await write({ cid, bytes })
  return { cid, sizeBytes: bytes.length, dagBytes: bytes.length }
}
