import { BalancedTree } from '../dag/balanced-tree.ts'
import { type Block, cidOf, rawCode } from '../dag/cid.ts'
import type { Link } from '../dag/encode-node.ts'
import { profile } from '../dag/profile.ts'
import { fixedChunks } from './fixed-chunks.ts'

/** Called with the bytes of content taken in so far. */
export type ProgressListener = (progress: { bytes: number }) => void

export type ImportOptions = {
  /**
   * Keeps a block and resolves once it is kept; its array may be used again afterwards. Called for several
   * blocks at once, leaves before their parents.
   */
  write: (block: Block) => Promise<void>
  signal?: AbortSignal | undefined
  onProgress?: ProgressListener | undefined
  /** Told of each chunk once it is kept, so that a source that came in whole chunks may use it again. */
  release?: (chunk: Uint8Array) => void
}

/** Leaves hashed and written at the same time: bounds memory to about as many MiB. */
const maxLeavesInFlight = 8

/**
 * Turns a stream into a UnixFS file and gives its root. Only the chunks in flight and one tree node a
 * level are in memory. The source may use an array again only when it was released. An empty stream is the empty raw
 * block, as in Kubo.
 */
export async function importBytes(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { write, signal, onProgress, release }: ImportOptions,
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
      leaf.then(
        () => release?.(chunk),
        () => {}, // it is awaited in its turn
      )
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
