import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { exchangeError } from '../errors.ts'

/** Something on this machine's disk to publish. */
export interface LocalSource {
  path: string
  name: string
  sizeBytes: number
  isFolder: boolean
  mediaType: string | null
  /** Tells it from what it was before and from others; null for a folder. */
  fingerprint: string | null
  /** A download, to be removed afterwards. */
  isTemporary: boolean
}

export interface FetchProgress {
  stage: 'download'
  bytes: number
  totalBytes: number | null
}

/** @throws CodedError `PUBLISH_REFUSED` */
export async function openSource(
  source: string,
  options: {
    folder: string
    signal: AbortSignal | undefined
    onProgress: (progress: FetchProgress) => void
  },
): Promise<LocalSource> {
  if (/^https?:\/\//.test(source)) return download(source, options)
  const path = resolve(source)
  try {
    const found = await stat(path)
    const isFolder = found.isDirectory()
    return {
      path,
      name: basename(path),
      sizeBytes: isFolder ? 0 : found.size,
      isFolder,
      mediaType: null,
      fingerprint: isFolder ? null : `${path} ${found.size} ${found.mtimeMs}`,
      isTemporary: false,
    }
  } catch (cause) {
    throw exchangeError('PUBLISH_REFUSED', `There is no ${path} to publish`, { cause })
  }
}

/** Downloads to a temporary file; one that was cut off goes on where it stopped, if the server can. */
async function download(
  url: string,
  { folder, signal, onProgress }: Parameters<typeof openSource>[1],
): Promise<LocalSource> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const part = join(folder, `${createHash('sha256').update(url).digest('hex').slice(0, 32)}.part`)
  const have = await sizeOf(part)
  const response = await request(url, have, signal)
  const isContinued = response.status === 206
  if (!response.ok || !response.body)
    throw exchangeError('PUBLISH_REFUSED', `${url} answers ${response.status}`)
  const start = isContinued ? have : 0
  const length = Number(response.headers.get('content-length') ?? Number.NaN)
  const totalBytes = Number.isFinite(length) ? start + length : null
  let bytes = start
  try {
    await pipeline(
      response.body,
      async function* (chunks) {
        for await (const chunk of chunks) {
          bytes += chunk.length
          onProgress({ stage: 'download', bytes, totalBytes })
          yield chunk
        }
      },
      createWriteStream(part, { flags: isContinued ? 'a' : 'w', mode: 0o600 }),
      { ...(signal && { signal }) },
    )
  } catch (cause) {
    signal?.throwIfAborted()
    throw exchangeError('PUBLISH_REFUSED', `${url} broke off after ${bytes} bytes; try again`, {
      cause,
    })
  }
  if (totalBytes !== null && !response.headers.has('content-encoding') && bytes !== totalBytes)
    throw exchangeError('PUBLISH_REFUSED', `${url} gave ${bytes} of ${totalBytes} bytes; try again`)
  const path = part.replace(/part$/, 'whole')
  await rename(part, path)
  const name = decodeURIComponent(basename(new URL(url).pathname)) || new URL(url).hostname
  const mediaType = response.headers.get('content-type')?.split(';')[0]?.trim() ?? null
  const found = { path, name, sizeBytes: bytes, isFolder: false, mediaType }
  return { ...found, fingerprint: null, isTemporary: true }
}

async function request(
  url: string,
  have: number,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {}
  try {
    const response = await fetch(url, { headers, ...(signal && { signal }) })
    // Past the end: what is there is not a beginning of it any more.
    return response.status === 416 ? await fetch(url, { ...(signal && { signal }) }) : response
  } catch (cause) {
    signal?.throwIfAborted()
    throw exchangeError('PUBLISH_REFUSED', `Nothing answers at ${url}`, { cause })
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

export async function removeSource({ path, isTemporary }: LocalSource): Promise<void> {
  if (isTemporary) await rm(path, { force: true })
}
