import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { type Block, parseCid, verifyBlock } from '../dag/cid.ts'
import { checkBlockSize } from '../dag/decode-node.ts'
import { ArtifactError } from '../errors.ts'
import type { BlobStore, CallOptions, StoredBlock } from './blob-store.ts'
import { blockMissing, blockUnreadable } from './block-errors.ts'
import { createFolderSync, type FolderSync } from './folder-sync.ts'
import { isBadFile, isNotFound, storeFailure } from './store-failure.ts'

/** A temporary file older than this was left by a process that died. */
const staleTemporaryMs = 3_600_000
const doomedSuffix = '.doomed'
/** The letters of base32, in which CIDs are written. */
const shards = [...'abcdefghijklmnopqrstuvwxyz234567']

/**
 * Blocks as files under `folder`: `blocks/X/CID`, X being the letter before the CID's last: 32
 * folders, few enough for blocks put at once to share the fsync of a folder. Each is
 * written under a temporary name in `tmp/`, fsynced, renamed, and the folder fsynced, so after a crash at
 * any point a block is there whole or not at all. Several processes may use one folder.
 * @throws ArtifactError `STORE_UNUSABLE` when the folder cannot be made or written.
 */
export async function openFolderStore(folder: string): Promise<BlobStore> {
  const store = new FolderStore(folder)
  await store.prepare()
  return store
}

class FolderStore implements BlobStore {
  readonly #folder: string
  readonly #temporary: string
  readonly #blocks: string
  readonly #sync: FolderSync = createFolderSync()

  constructor(folder: string) {
    this.#folder = folder
    this.#temporary = join(folder, 'tmp')
    this.#blocks = join(folder, 'blocks')
  }

  async prepare(): Promise<void> {
    try {
      await mkdir(this.#temporary, { recursive: true })
      for (const shard of shards) await mkdir(join(this.#blocks, shard), { recursive: true })
      await this.#sync.sync(this.#blocks)
      await this.#sync.sync(this.#folder)
      for (const name of await readdir(this.#temporary)) await this.#clear(name)
    } catch (cause) {
      throw storeFailure(this.#folder, cause)
    }
  }

  async put({ cid, bytes }: Block, { signal }: CallOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    checkBlockSize(cid, bytes.length)
    const { path, shard } = this.#placeOf(cid)
    if (await this.#refresh(path, bytes.length)) return
    const temporary = join(this.#temporary, `${cid}.${randomUUID()}`)
    try {
      await writeDurably(temporary, bytes)
      await rename(temporary, path)
      await this.#sync.sync(shard)
    } catch (cause) {
      await rm(temporary, { force: true })
      throw storeFailure(this.#folder, cause)
    }
  }

  async get(cid: CID, { signal }: CallOptions = {}): Promise<Uint8Array> {
    signal?.throwIfAborted()
    const where = `in the store ${this.#folder}`
    let bytes: Uint8Array
    try {
      bytes = await readBounded(cid, this.#placeOf(cid).path)
    } catch (cause) {
      if (isNotFound(cause)) throw blockMissing(cid, where)
      if (isBadFile(cause)) throw blockUnreadable(cid, where, cause)
      throw cause instanceof ArtifactError ? cause : storeFailure(this.#folder, cause)
    }
    await verifyBlock(cid, bytes, where)
    return bytes
  }

  async has(cid: CID, { signal }: CallOptions = {}): Promise<boolean> {
    signal?.throwIfAborted()
    return (await this.#statOf(this.#placeOf(cid).path)) !== null
  }

  async delete(
    cid: CID,
    { signal, writtenBeforeMs }: CallOptions & { writtenBeforeMs?: number } = {},
  ): Promise<boolean> {
    signal?.throwIfAborted()
    const { path } = this.#placeOf(cid)
    const doomed = join(this.#temporary, `${cid}.${randomUUID()}${doomedSuffix}`)
    try {
      if (writtenBeforeMs !== undefined && (await stat(path)).mtimeMs >= writtenBeforeMs)
        return false
      await rename(path, doomed)
      // Looked at under its new name: a put that refreshed it before the renaming is seen here, and
      // one that comes after does not find it and writes it anew.
      const { mtimeMs } = await stat(doomed)
      if (writtenBeforeMs !== undefined && mtimeMs >= writtenBeforeMs) {
        await rename(doomed, path)
        return false
      }
      await rm(doomed, { recursive: true, force: true })
      return true
    } catch (cause) {
      if (isNotFound(cause)) return false
      throw storeFailure(this.#folder, cause)
    }
  }

  async *list({ signal }: CallOptions = {}): AsyncGenerator<StoredBlock> {
    for (const shard of shards) {
      for (const name of await this.#namesIn(join(this.#blocks, shard))) {
        signal?.throwIfAborted()
        const cid = cidOfName(name)
        const found = cid && (await this.#statOf(this.#placeOf(cid).path))
        if (cid && found) yield { cid, ...found }
      }
    }
  }

  async #namesIn(folder: string): Promise<string[]> {
    try {
      return await readdir(folder)
    } catch (cause) {
      throw storeFailure(this.#folder, cause)
    }
  }

  #placeOf(cid: CID): { path: string; shard: string } {
    const name = cid.toString()
    const shard = join(this.#blocks, name.slice(-2, -1))
    return { path: join(shard, name), shard }
  }

  /** Marks a block that is there already as written now. A block of another length is written over. */
  async #refresh(path: string, sizeBytes: number): Promise<boolean> {
    const found = await this.#statOf(path)
    if (found?.sizeBytes !== sizeBytes) return false
    try {
      const now = new Date()
      await utimes(path, now, now)
      return true
    } catch (cause) {
      if (isNotFound(cause)) return false
      throw storeFailure(this.#folder, cause)
    }
  }

  async #statOf(path: string): Promise<{ sizeBytes: number; writtenAtMs: number } | null> {
    try {
      const { size, mtimeMs } = await stat(path)
      return { sizeBytes: size, writtenAtMs: mtimeMs }
    } catch (cause) {
      if (isNotFound(cause)) return null
      throw storeFailure(this.#folder, cause)
    }
  }

  /** Removes what a dead writer left, and puts back what a dead collector was about to delete. */
  async #clear(name: string): Promise<void> {
    const path = join(this.#temporary, name)
    const cid = name.endsWith(doomedSuffix) ? cidOfName(name.split('.')[0] ?? '') : null
    const found = await this.#statOf(path)
    if (cid && found) await rename(path, this.#placeOf(cid).path)
    else if (found && Date.now() - found.writtenAtMs > staleTemporaryMs)
      await rm(path, { force: true })
  }
}

/** Null for a file that is none of ours. */
function cidOfName(name: string): CID | null {
  return /^baf[a-z2-7]{56}$/.test(name) ? parseCid(name) : null
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx')
  await file.writeFile(bytes)
  await file.sync()
}

async function readBounded(cid: CID, path: string): Promise<Uint8Array> {
  await using file = await open(path, 'r')
  checkBlockSize(cid, (await file.stat()).size)
  return await file.readFile()
}
