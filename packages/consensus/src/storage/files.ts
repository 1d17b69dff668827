import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The little of a file system that durable logs need: a simulation can own it, and break it. */
export interface Files {
  /** For reading and appending; made when it is not there. */
  open(path: string): Promise<OpenFile>
  /** Puts a file in the place of another at once: a crash leaves one or the other. */
  rename(from: string, to: string): Promise<void>
  /** No error when there is none. */
  remove(path: string): Promise<void>
  /** Makes durable which names there are in the folder of this path. */
  syncFolderOf(path: string): Promise<void>
}

export interface OpenFile {
  /** Everything, from the start. */
  read(): Promise<Buffer>
  append(bytes: Uint8Array): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  /** Waits until the disk has everything that was written. */
  datasync(): Promise<void>
  close(): Promise<void>
}

export const nodeFiles: Files = {
  open: async (path) => toOpenFile(await open(path, 'a+')),
  rename,
  remove: (path) => rm(path, { force: true }),
  async syncFolderOf(path) {
    const folder = await open(dirname(path), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
}

function toOpenFile(file: FileHandle): OpenFile {
  return {
    read: () => file.readFile(),
    append: (bytes) => file.appendFile(bytes),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    datasync: () => file.datasync(),
    close: () => file.close(),
  }
}
