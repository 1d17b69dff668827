import { lstat } from 'node:fs/promises'
import type { CID } from 'multiformats/cid'
import { packPath } from './car/pack-path.ts'
import type { Link } from './dag/encode-node.ts'
import { encryptStream } from './encryption/encrypt-stream.ts'
import { ArtifactError } from './errors.ts'
import { type ChunkPool, createChunkPool } from './importing/chunk-pool.ts'
import { importBytes, type ProgressListener } from './importing/import-bytes.ts'
import { importPath, readSource } from './importing/import-path.ts'
import type { BlobStore } from './store/blob-store.ts'
import type { Pins } from './store/pins.ts'

/** A path on disk, or a stream (a download, the rows of a query). */
export type PublishSource = string | AsyncIterable<Uint8Array>

export type PublishOptions = {
  store: BlobStore
  pins: Pins
  /** Encrypts with this key (32 bytes, a fresh one for each artifact); without it all is readable. */
  contentKey?: Uint8Array
  includeHidden?: boolean
  /** Kept with the pin. */
  note?: string
  signal?: AbortSignal
  onProgress?: ProgressListener
}

/**
 * `packing` says how the content lies under `root`: `none` is the file or folder itself (encrypted or not),
 * `car` an encrypted folder, whose names and layout are hidden in one archive. `storedBytes` is what the
 * store holds for it.
 */
export type Published = { root: CID; packing: 'none' | 'car'; storedBytes: number }

/**
 * Brings a file, folder or stream into the store and pins it. After an error, or when the process dies,
 * nothing is pinned; the blocks that were kept are found again by the next try (unless it is encrypted:
 * then each try is another ciphertext) or collected as garbage.
 * @throws ArtifactError `SOURCE_UNREADABLE`, `SOURCE_CHANGED`, `INVALID_KEY`, `STORE_FULL`, `STORE_UNUSABLE`
 */
export async function publish(source: PublishSource, options: PublishOptions): Promise<Published> {
  const { store, pins, note, signal } = options
  await using _writing = await pins.startWriting()
  const packing = options.contentKey && (await isFolder(source)) ? 'car' : 'none'
  const { cid: root, dagBytes: storedBytes } = await take(source, packing, options)
  await pins.pin(root, store, { ...(note === undefined ? {} : { note }), signal })
  return { root, packing, storedBytes }
}

function take(
  source: PublishSource,
  packing: Published['packing'],
  { store, contentKey, includeHidden = false, signal, onProgress }: PublishOptions,
): Promise<Link> {
  const options = {
    write: (block: Parameters<BlobStore['put']>[0]) => store.put(block, { signal }),
    signal,
    onProgress,
  }
  if (!contentKey)
    return typeof source === 'string'
      ? importPath(source, { ...options, includeHidden })
      : importBytes(source, options)
  const [input, output] = [createChunkPool(), createChunkPool()]
  const encrypt = (plain: AsyncIterable<Uint8Array>, pool: ChunkPool | null) =>
    importBytes(encryptStream(plain, contentKey, { input: pool, output }), {
      ...options,
      release: output.give,
    })
  if (typeof source !== 'string') return encrypt(source, null)
  if (packing === 'car') return encrypt(packPath(source, { includeHidden, signal }), null)
  return encrypt(readSource(source, input), input)
}

async function isFolder(source: PublishSource): Promise<boolean> {
  if (typeof source !== 'string') return false
  try {
    return (await lstat(source)).isDirectory()
  } catch (cause) {
    throw new ArtifactError('SOURCE_UNREADABLE', `Cannot read ${source}`, { cause })
  }
}
