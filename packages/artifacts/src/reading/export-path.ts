import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { CID } from 'multiformats/cid'
import { dagLimits } from '../dag/profile.ts'
import { ArtifactError } from '../errors.ts'
import type { ProgressListener } from '../importing/import-bytes.ts'
import type { BlockReader } from '../store/blob-store.ts'
import { checkFree, storeFailure } from '../store/store-failure.ts'
import { listDirectory, readNode } from './list-directory.ts'
import { readFile } from './read-file.ts'

export type ExportOptions = {
  signal?: AbortSignal | undefined
  onProgress?: ProgressListener
  /** Refuses to write more, for a small DAG may state a huge file. Default 1 TiB. */
  maxBytes?: number
}

export const defaultMaxBytes = 2 ** 40

/**
 * Writes a file or folder to `target`, which must not exist yet. It is built under a temporary name next to
 * it and renamed when every block was verified and written, so `target` is never there by half. Names and
 * symbolic links that lead out of `target` are refused.
 * @throws ArtifactError `INVALID_NODE`, `LIMIT_EXCEEDED`, `BLOCK_MISSING`, `BLOCK_CORRUPT`, `STORE_FULL`, `STORE_UNUSABLE`
 */
export async function exportPath(
  root: CID,
  target: string,
  {
    blocks,
    signal,
    onProgress,
    maxBytes = defaultMaxBytes,
  }: ExportOptions & { blocks: BlockReader },
): Promise<void> {
  const folder = dirname(resolve(target))
  const temporary = join(folder, `.${randomUUID()}.part`)
  let bytes = 0
  const count = (more: number): void => {
    bytes += more
    if (bytes > maxBytes) throw limitExceeded(maxBytes)
    onProgress?.({ bytes })
  }
  try {
    await checkFree(target)
    await writeEntry(root, temporary, { blocks, signal, count, base: temporary, depth: 0 })
    await rename(temporary, target)
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true })
    if (cause instanceof ArtifactError || signal?.aborted) throw cause
    throw storeFailure(folder, cause)
  }
}

type Place = {
  blocks: BlockReader
  signal: AbortSignal | undefined
  count: (bytes: number) => void
  base: string
  depth: number
}

async function writeEntry(cid: CID, path: string, place: Place): Promise<void> {
  const { blocks, signal, depth } = place
  const node = await readNode(cid, blocks, { signal })
  if (node.kind === 'file') return writeFile(cid, path, place)
  if (node.kind === 'symlink') return writeLink(node.target, path, place)
  if (depth >= dagLimits.maxFolderDepth)
    throw new ArtifactError('INVALID_NODE', `Folders are nested too deep at ${cid}`)
  await mkdir(path)
  const names = new Set<string>()
  for await (const entry of listDirectory(cid, blocks, { signal })) {
    checkName(cid, entry.name, names)
    await writeEntry(entry.cid, join(path, entry.name), { ...place, depth: depth + 1 })
  }
}

async function writeFile(cid: CID, path: string, { blocks, signal, count }: Place): Promise<void> {
  await using file = await open(path, 'wx')
  for await (const piece of readFile(cid, blocks, { signal })) {
    signal?.throwIfAborted()
    await file.writeFile(piece)
    count(piece.length)
  }
  await file.sync()
}

async function writeLink(to: string, path: string, { base }: Place): Promise<void> {
  const outside = relative(base, resolve(dirname(path), to))
  if (path === base || outside === '..' || outside.startsWith(`..${sep}`))
    throw new ArtifactError(
      'INVALID_NODE',
      `The symbolic link ${relative(base, path)} leads out of the artifact, to ${to}; nothing was written`,
    )
  await symlink(to, path)
}

function checkName(folder: CID, name: string, seen: Set<string>): void {
  const isPlain = name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)
  if (!isPlain || seen.has(name))
    throw new ArtifactError(
      'INVALID_NODE',
      `The folder ${folder} has an entry ${JSON.stringify(name)} that cannot be written; nothing was`,
    )
  seen.add(name)
}

export function limitExceeded(maxBytes: number): ArtifactError {
  return new ArtifactError(
    'LIMIT_EXCEEDED',
    `The artifact has more than ${maxBytes} bytes, which is the limit; raise it to write it all`,
  )
}
