import { asyncIterableReader, createDecoder } from '@ipld/car/decoder'
import type { CID } from 'multiformats/cid'
import { type Block, checkCid, verifyBlock } from '../dag/cid.ts'
import { dagLimits } from '../dag/profile.ts'
import { ArtifactError } from '../errors.ts'
import type { ProgressListener } from '../importing/import-bytes.ts'
import { CidSet, walkDag } from '../reading/walk-dag.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { blockMissing } from '../store/block-errors.ts'

export type ImportCarOptions = {
  /** Refuses an archive of another root. */
  root?: CID
  /** Bounds of what is taken in. Default 1 TiB and 2^21 blocks. */
  maxBytes?: number
  maxBlocks?: number
  signal?: AbortSignal | undefined
  onProgress?: ProgressListener
}

type Limits = { maxBytes: number; maxBlocks: number }
const defaultLimits: Limits = { maxBytes: 2 ** 40, maxBlocks: 2 ** 21 }
/** A header with one root has about 60 bytes. */
const maxHeaderBytes = 1024
const maxCidBytes = 64
const maxPutsInFlight = 8

/**
 * Takes a CAR (version 1 or 2) of one root into a store. Every block is verified before it is kept; at the
 * end all blocks of the DAG must be there (in the archive or in the store before) and no others. Streams:
 * memory holds a few blocks and the set of CIDs. After an error the blocks taken in are garbage for the
 * next collection: nothing is pinned here.
 * @throws ArtifactError `INVALID_CAR`, `BLOCK_CORRUPT` and `BLOCK_MISSING` naming the block, and what the
 * store throws
 */
export async function importCar(
  source: AsyncIterable<Uint8Array>,
  store: BlobStore,
  options: ImportCarOptions = {},
): Promise<{ root: CID; blocks: number; bytes: number }> {
  const { signal, onProgress } = options
  const limits = { ...defaultLimits, ...options }
  const archive = openArchive(source)
  const root = onlyRoot(await archive.roots(), options.root)
  const seen = new CidSet()
  const puts = new Set<Promise<void>>()
  let bytes = 0
  try {
    for await (const block of archive.blocks()) {
      signal?.throwIfAborted()
      bytes += block.bytes.length
      if (bytes > limits.maxBytes) throw invalid(`it has more than ${limits.maxBytes} bytes`)
      if (!seen.add(block.cid)) continue
      if (seen.size > limits.maxBlocks) throw invalid(`it has more than ${limits.maxBlocks} blocks`)
      await verifyBlock(block.cid, block.bytes, 'in the archive')
      if (puts.size >= maxPutsInFlight) await Promise.race(puts)
      track(puts, store.put(block, { signal }))
      onProgress?.({ bytes })
    }
    await Promise.all(puts)
  } finally {
    await Promise.allSettled(puts)
  }
  const blocks = seen.size
  await checkSame(root, seen, { store, signal })
  return { root, blocks, bytes }
}

/** Removes a put from the set once it is done; one that failed stays, so that waiting for it tells. */
function track(puts: Set<Promise<void>>, put: Promise<void>): void {
  puts.add(put)
  put.then(
    () => puts.delete(put),
    () => {},
  )
}

function onlyRoot(roots: readonly CID[], wanted: CID | undefined): CID {
  const [root] = roots
  if (!root || roots.length > 1) throw invalid(`it has ${roots.length} roots instead of one`)
  const checked = checkCid(root)
  if (wanted && !checked.equals(wanted)) throw invalid(`its root is ${root} instead of ${wanted}`)
  return checked
}

/** Takes what the root reaches out of `seen`, whose rest must then be empty. */
async function checkSame(
  root: CID,
  seen: CidSet,
  { store, signal }: { store: BlobStore; signal: AbortSignal | undefined },
): Promise<void> {
  for await (const { cid } of walkDag([root], store, { signal }))
    if (!seen.delete(cid) && !(await store.has(cid, { signal })))
      throw blockMissing(cid, 'in the archive')
  const extra = seen.first()
  if (extra) throw invalid(`it has ${seen.size} blocks that its root does not reach, as ${extra}`)
}

type Archive = { roots(): Promise<CID[]>; blocks(): AsyncGenerator<Block> }

/** Decodes with limits on every length that the archive states, before anything of it is gathered. */
function openArchive(source: AsyncIterable<Uint8Array>): Archive {
  const failure: { source?: unknown } = {}
  const reader = asyncIterableReader(remembering(source, failure))
  const bounds = { max: maxHeaderBytes }
  const bounded = {
    upTo: (length: number) => reader.upTo(length),
    exactly(length: number, isSeeking?: boolean) {
      if (length < 0 || length > bounds.max)
        throw invalid(`it states a length of ${length} bytes at byte ${reader.pos}`)
      return reader.exactly(length, isSeeking)
    },
    seek: (length: number) => reader.seek(length),
    get pos() {
      return reader.pos
    },
  }
  const decoder = createDecoder(bounded)
  const guarded = async <T>(read: () => Promise<T>): Promise<T> => {
    try {
      return await read()
    } catch (cause) {
      if (failure.source) throw failure.source
      if (cause instanceof ArtifactError) throw cause
      throw invalid(
        `at byte ${reader.pos}: ${cause instanceof Error ? cause.message : cause}`,
        cause,
      )
    }
  }
  return {
    async roots() {
      const { roots } = await guarded(() => decoder.header())
      bounds.max = dagLimits.maxBlockBytes + maxCidBytes
      return roots
    },
    async *blocks() {
      const blocks = decoder.blocks()
      for (;;) {
        const { done, value } = await guarded(() => blocks.next())
        if (done) return
        yield { cid: checkCid(value.cid), bytes: value.bytes }
      }
    },
  }
}

/** A source that fails is not a malformed archive. */
async function* remembering(
  source: AsyncIterable<Uint8Array>,
  failure: { source?: unknown },
): AsyncGenerator<Uint8Array> {
  try {
    yield* source
  } catch (error) {
    failure.source = error
    throw error
  }
}

function invalid(why: string, cause?: unknown): ArtifactError {
  return new ArtifactError(
    'INVALID_CAR',
    `This archive cannot be taken in: ${why}. Ask for it to be exported again`,
    { cause },
  )
}
