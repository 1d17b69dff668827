import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { CID } from 'multiformats/cid'
import { importCar } from './car/import-car.ts'
import { openEncryptedFile } from './encryption/encrypted-file.ts'
import { ArtifactError } from './errors.ts'
import type { ProgressListener } from './importing/import-bytes.ts'
import type { Published } from './publish.ts'
import { defaultMaxBytes, exportPath, limitExceeded } from './reading/export-path.ts'
import type { BlockReader } from './store/blob-store.ts'
import { openFolderStore } from './store/folder-store.ts'
import { checkFree, storeFailure } from './store/store-failure.ts'

export type RetrieveOptions = {
  blocks: BlockReader
  contentKey?: Uint8Array
  packing?: Published['packing']
  signal?: AbortSignal
  onProgress?: ProgressListener
  /** Refuses to write more. Default 1 TiB. */
  maxBytes?: number
}

/**
 * Writes what {@link publish} took in to `target`, which must not exist yet and is never there by half. An
 * encrypted folder is unpacked by way of a temporary store beside the target.
 * @throws ArtifactError `DECRYPTION_FAILED`, `INVALID_KEY`, `INVALID_CAR`, and those of exportPath
 */
export async function retrieve(root: CID, target: string, options: RetrieveOptions): Promise<void> {
  const { blocks, contentKey, packing = 'none', signal, onProgress } = options
  const { maxBytes = defaultMaxBytes } = options
  const progress = { signal, maxBytes, ...(onProgress ? { onProgress } : {}) }
  if (!contentKey) return exportPath(root, target, { blocks, ...progress })
  const folder = dirname(resolve(target))
  const temporary = join(folder, `.${randomUUID()}.part`)
  try {
    await checkFree(target)
    const file = await openEncryptedFile(root, blocks, { contentKey, signal })
    if (file.sizeBytes > maxBytes) throw limitExceeded(maxBytes)
    const plain = file.read({ signal })
    if (packing === 'none') {
      await writeAll(plain, temporary, progress)
      await rename(temporary, target)
    } else {
      const store = await openFolderStore(temporary)
      const unpacked = await importCar(plain, store, progress)
      await exportPath(unpacked.root, target, { blocks: store, signal, maxBytes })
    }
  } catch (cause) {
    if (cause instanceof ArtifactError || signal?.aborted) throw cause
    throw storeFailure(folder, cause)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function writeAll(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
  { signal, onProgress }: { signal: AbortSignal | undefined; onProgress?: ProgressListener },
): Promise<void> {
  await using file = await open(path, 'wx')
  let bytes = 0
  for await (const piece of pieces) {
    signal?.throwIfAborted()
    await file.writeFile(piece)
    bytes += piece.length
    onProgress?.({ bytes })
  }
  await file.sync()
}
