import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { parseCid } from '../dag/cid.ts'
import { ArtifactError } from '../errors.ts'
import { walkDag } from '../reading/walk-dag.ts'
import type { BlobStore, CallOptions } from './blob-store.ts'
import { blockMissing } from './block-errors.ts'
import { createFolderSync } from './folder-sync.ts'
import { createHeartbeatFile, isBeating } from './heartbeat-file.ts'
import { isNotFound, storeFailure } from './store-failure.ts'

const pinSchema = z.strictObject({ cid: z.string(), note: z.string(), pinnedAtMs: z.number() })
export type Pin = { cid: CID; note: string; pinnedAtMs: number }
const maxPinBytes = 4096

/** What a collection of garbage must spare: pinned roots, and blocks of publishes under way. */
export interface Pins {
  /**
   * Keeps `root` and all it reaches, durably, once every block was seen to be there.
   * @throws ArtifactError `BLOCK_MISSING` naming the block that is not; then nothing is pinned
   */
  pin(root: CID, store: BlobStore, options?: CallOptions & { note?: string }): Promise<void>
  /** False when it was not pinned. Its blocks stay until the next collection. */
  unpin(root: CID): Promise<boolean>
  list(): Promise<Pin[]>
  /** Blocks written from now until it is disposed are not collected. Open one for each publish or fetch. */
  startWriting(): Promise<AsyncDisposable>
  /** For the collector: one at a time (`STORE_UNUSABLE` otherwise); pins wait while it is held. */
  startCollecting(): Promise<AsyncDisposable & { oldestWriterMs: number }>
}

/**
 * Pins as small files in `folder`, for one or several processes. `now` is the clock of the machine.
 * @throws ArtifactError `STORE_UNUSABLE`, `STORE_FULL`
 */
export async function openPins(
  folder: string,
  { now = Date.now }: { now?: () => number } = {},
): Promise<Pins> {
  const places = {
    pins: join(folder, 'pins'),
    writers: join(folder, 'writers'),
    collector: join(folder, 'collecting'),
  }
  await guard(folder, async () => {
    await mkdir(places.pins, { recursive: true })
    await mkdir(places.writers, { recursive: true })
  })
  const pinFile = (cid: CID) => join(places.pins, `${cid}.json`)
  const folderSync = createFolderSync()

  async function write(pin: Pin): Promise<void> {
    const temporary = join(folder, `${randomUUID()}.tmp`)
    try {
      await using file = await open(temporary, 'wx')
      await file.writeFile(JSON.stringify({ ...pin, cid: pin.cid.toString() }))
      await file.sync()
      await rename(temporary, pinFile(pin.cid))
      await folderSync.sync(places.pins)
    } catch (cause) {
      await rm(temporary, { force: true })
      throw cause
    }
  }

  return {
    async pin(root, store, { signal, note = '' } = {}) {
      const isNew = (await readPin(pinFile(root))) === null
      await guard(folder, () => write({ cid: root, note, pinnedAtMs: now() }))
      try {
        // A collection that began before the pin was written may not know it: look after it ended.
        while (await isBeating(places.collector, now())) await delay(50, undefined, { signal })
        await checkComplete(root, store, { signal })
      } catch (error) {
        if (isNew) await rm(pinFile(root), { force: true })
        throw error
      }
    },
    async unpin(root) {
      if ((await readPin(pinFile(root))) === null) return false
      await guard(folder, async () => {
        await rm(pinFile(root), { force: true })
        await folderSync.sync(places.pins)
      })
      return true
    },
    async list() {
      const names = await guard(folder, () => readdir(places.pins))
      const found = await Promise.all(names.map((name) => readPin(join(places.pins, name))))
      return found.filter((pin) => pin !== null)
    },
    startWriting: () =>
      guard(folder, () =>
        createHeartbeatFile(join(places.writers, `${now()}-${randomUUID()}`), now),
      ),
    startCollecting: () => startCollecting(folder, places, now),
  }
}

/**
 * Sees that every block that `root` reaches is in the store: nodes are read and verified, leaves looked up.
 * @throws ArtifactError `BLOCK_MISSING`, `BLOCK_CORRUPT`, `INVALID_NODE`
 */
export async function checkComplete(
  root: CID,
  store: BlobStore,
  options: CallOptions = {},
): Promise<void> {
  for await (const { cid } of walkDag([root], store, options))
    if (!(await store.has(cid, options))) throw blockMissing(cid, 'in the store')
}

async function startCollecting(
  folder: string,
  { writers, collector }: { writers: string; collector: string },
  now: () => number,
): Promise<AsyncDisposable & { oldestWriterMs: number }> {
  return guard(folder, async () => {
    if (await isBeating(collector, now())) throw alreadyCollecting(folder)
    await rm(collector, { force: true })
    const lock = await createHeartbeatFile(collector, now)
    return {
      oldestWriterMs: await oldestWriter(writers, now()),
      [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
    }
  })
}

/** When the oldest living writer began: the first part of its file's name. */
async function oldestWriter(writers: string, nowMs: number): Promise<number> {
  let oldest = Number.POSITIVE_INFINITY
  for (const name of await readdir(writers)) {
    const path = join(writers, name)
    if (await isBeating(path, nowMs)) oldest = Math.min(oldest, Number.parseInt(name, 10) || 0)
    else await rm(path, { force: true })
  }
  return oldest
}

async function readPin(path: string): Promise<Pin | null> {
  try {
    await using file = await open(path, 'r')
    if ((await file.stat()).size > maxPinBytes) throw new Error('it is too long')
    const pin = pinSchema.parse(JSON.parse(await file.readFile('utf8')))
    return { ...pin, cid: parseCid(pin.cid) }
  } catch (cause) {
    if (isNotFound(cause)) return null
    throw new ArtifactError(
      'STORE_UNUSABLE',
      `The pin ${path} cannot be read; nothing is collected until it is repaired or removed`,
      { cause },
    )
  }
}

function alreadyCollecting(folder: string): ArtifactError {
  return new ArtifactError(
    'STORE_UNUSABLE',
    `A collection of garbage already runs in ${folder}; wait until it ends`,
  )
}

async function guard<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (cause) {
    throw cause instanceof ArtifactError ? cause : storeFailure(folder, cause)
  }
}
