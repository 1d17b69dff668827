import type { Stats } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { buildDirectory } from '../dag/directory.ts'
import { encodeSymlink, type Link, type NamedLink } from '../dag/encode-node.ts'
import { dagLimits, profile } from '../dag/profile.ts'
import { ArtifactError } from '../errors.ts'
import { type ChunkPool, createChunkPool } from './chunk-pool.ts'
import { type ImportOptions, importBytes } from './import-bytes.ts'

export type ImportPathOptions = Omit<ImportOptions, 'release'> & {
  /** Takes in files and folders whose names begin with a dot too. Default false, as in Kubo. */
  includeHidden?: boolean
}

/**
 * Publishes a file, or a folder with everything in it, from disk. Symbolic links stay links; mode and time
 * are left out. One folder's names are in memory at a time, and one file's chunks in flight.
 * @throws ArtifactError `SOURCE_UNREADABLE`, `SOURCE_CHANGED` (a file was written to meanwhile), and
 * whatever `write` throws
 */
export async function importPath(path: string, options: ImportPathOptions): Promise<Link> {
  let bytesBefore = 0
  const pool = createChunkPool()
  const { onProgress } = options
  const importer: Importer = {
    ...options,
    async file(filePath) {
      const link = await importBytes(readSource(filePath, pool), {
        ...options,
        release: pool.give,
        onProgress: onProgress && (({ bytes }) => onProgress({ bytes: bytesBefore + bytes })),
      })
      bytesBefore += link.sizeBytes
      return link
    },
  }
  return importEntry(path, 0, importer)
}

type Importer = ImportPathOptions & { file(path: string): Promise<Link> }

async function importEntry(path: string, depth: number, importer: Importer): Promise<Link> {
  importer.signal?.throwIfAborted()
  const stats = await reading(path, () => lstat(path))
  if (stats.isFile()) return importer.file(path)
  if (stats.isDirectory()) return importFolder(path, depth, importer)
  if (stats.isSymbolicLink()) {
    const { block, link } = await encodeSymlink(await reading(path, () => readlink(path)))
    await importer.write(block)
    return link
  }
  throw unreadable(path, 'it is no file, folder or symbolic link; leave it out')
}

async function importFolder(path: string, depth: number, importer: Importer): Promise<Link> {
  if (depth >= dagLimits.maxFolderDepth)
    throw unreadable(path, `it lies more than ${dagLimits.maxFolderDepth} folders deep`)
  const entries: NamedLink[] = []
  for (const name of (await reading(path, () => readdir(path))).toSorted()) {
    if (name.startsWith('.') && !importer.includeHidden) continue
    checkName(path, name)
    entries.push({ name, ...(await importEntry(join(path, name), depth + 1, importer)) })
  }
  return buildDirectory(entries, importer.write)
}

/**
 * A file in whole chunks, so that cutting them needs no copy; the next is read while one is worked on.
 * @throws ArtifactError `SOURCE_UNREADABLE`, and `SOURCE_CHANGED` at the end when something wrote to it
 */
export async function* readSource(path: string, pool: ChunkPool): AsyncGenerator<Uint8Array> {
  await using file = await reading(path, () => open(path, 'r'))
  const before = await file.stat()
  const readAt = (at: number): Promise<Uint8Array | null> => {
    if (at >= before.size) return Promise.resolve(null)
    const chunk = readChunk(path, file, { at, chunk: pool.take().subarray(0, before.size - at) })
    chunk.catch(() => {}) // it is awaited in its turn
    return chunk
  }
  let next = readAt(0)
  for (let at = profile.chunkBytes; ; at += profile.chunkBytes) {
    const chunk = await next
    if (!chunk) break
    next = readAt(at)
    yield chunk
  }
  if (!isSame(before, await file.stat())) throw changed(path)
}

type Handle = Awaited<ReturnType<typeof open>>

async function readChunk(
  path: string,
  file: Handle,
  { at, chunk }: { at: number; chunk: Uint8Array },
): Promise<Uint8Array> {
  for (let filled = 0; filled < chunk.length; ) {
    const { bytesRead } = await reading(path, () =>
      file.read(chunk, filled, chunk.length - filled, at + filled),
    )
    if (bytesRead === 0) throw changed(path)
    filled += bytesRead
  }
  return chunk
}

function isSame(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs
}

function changed(path: string): ArtifactError {
  return new ArtifactError(
    'SOURCE_CHANGED',
    `${path} changed while it was read; publish it again when nothing writes to it`,
    { detail: { path } },
  )
}

/** A name that is no UTF-8 would come back as another name. */
function checkName(folder: string, name: string): void {
  if (name.includes('\ufffd'))
    throw unreadable(join(folder, name), 'its name is not UTF-8; rename it')
  if (Buffer.byteLength(name) > dagLimits.maxNameBytes)
    throw unreadable(join(folder, name), 'its name is too long')
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw unreadable(path, String(cause instanceof Error ? cause.message : cause), cause)
  }
}

function unreadable(path: string, why: string, cause?: unknown): ArtifactError {
  return new ArtifactError('SOURCE_UNREADABLE', `Cannot read ${basename(path)} (${path}): ${why}`, {
    detail: { path },
    cause,
  })
}
