import { CodedError } from '@quoin/kernel'
import { type Files, nodeFiles, type OpenFile } from './files.ts'
import { encodeFrame, readFrames } from './frames.ts'

/** A durable list of byte strings: what the write-ahead log and the sign guard are kept in. */
export interface RecordLog extends AsyncDisposable {
  /** What was durable when the log was opened. */
  readonly recovered: readonly Uint8Array[]
  /** Keeps a record in memory until the next `flush`. */
  append(record: Uint8Array): void
  /** Writes what was appended as one frame and waits until the disk has it. */
  flush(): Promise<void>
  /** Forgets everything. May be undone by a crash, so stale records must be recognizable. */
  clear(): Promise<void>
  /** Puts these records in the place of all others; a crash leaves either the old or the new. */
  replace(records: readonly Uint8Array[]): Promise<void>
}

/**
 * Opens a log in a file. A frame that a crash cut off at the end is dropped.
 * @throws CodedError `LOG_CORRUPT` when frames before the end are damaged: nothing is changed then.
 */
export async function openRecordFile(path: string, files: Files = nodeFiles): Promise<RecordLog> {
  const file = await files.open(path)
  try {
    const bytes = await file.read()
    const { records, end } = readFrames(bytes, path)
    if (end < bytes.length) {
      await file.truncate(end)
      await file.datasync()
    }
    await files.syncFolderOf(path)
    return new RecordFile({ path, files, file, recovered: records, sizeBytes: end })
  } catch (error) {
    await file.close()
    throw error
  }
}

interface Opened {
  path: string
  files: Files
  file: OpenFile
  recovered: Uint8Array[]
  sizeBytes: number
}

class RecordFile implements RecordLog {
  readonly recovered: readonly Uint8Array[]
  readonly #path: string
  readonly #files: Files
  #file: OpenFile
  #sizeBytes: number
  #waiting: Uint8Array[] = []

  constructor({ path, files, file, recovered, sizeBytes }: Opened) {
    this.#path = path
    this.#files = files
    this.#file = file
    this.recovered = recovered
    this.#sizeBytes = sizeBytes
  }

  append(record: Uint8Array): void {
    this.#waiting.push(record)
  }

  async flush(): Promise<void> {
    if (this.#waiting.length === 0) return
    const frame = encodeFrame(this.#waiting)
    this.#waiting = []
    await wrapDiskErrors(this.#path, async () => {
      await this.#file.append(frame)
      await this.#file.datasync()
    })
    this.#sizeBytes += frame.length
  }

  async clear(): Promise<void> {
    this.#waiting = []
    if (this.#sizeBytes === 0) return
    await wrapDiskErrors(this.#path, () => this.#file.truncate(0))
    this.#sizeBytes = 0
  }

  async replace(records: readonly Uint8Array[]): Promise<void> {
    const [path, files] = [this.#path, this.#files]
    const frame = encodeFrame(records)
    await wrapDiskErrors(path, async () => {
      await files.remove(`${path}.new`)
      const fresh = await files.open(`${path}.new`)
      try {
        await fresh.append(frame)
        await fresh.datasync()
        await files.rename(`${path}.new`, path)
        await files.syncFolderOf(path)
      } catch (error) {
        await fresh.close()
        throw error
      }
      await this.#file.close()
      this.#file = fresh
    })
    this.#waiting = []
    this.#sizeBytes = frame.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

async function wrapDiskErrors<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')
      throw new CodedError(
        'DISK_FULL',
        `No space left to write ${path}: free some and start again`,
        { cause },
      )
    throw new CodedError('DISK_FAILED', `Cannot write ${path}`, { cause })
  }
}
