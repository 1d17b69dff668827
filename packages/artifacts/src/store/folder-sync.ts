import { open } from 'node:fs/promises'

export type FolderSync = { sync(folder: string): Promise<void> }

/**
 * Makes renames in a folder durable. Calls that come while one fsync of the folder runs share the next
 * one: it begins after all their renames.
 */
export function createFolderSync(): FolderSync {
  const running = new Map<string, { current: Promise<void>; next: Promise<void> | null }>()

  function begin(folder: string): Promise<void> {
    const current = fsyncFolder(folder)
    const entry = { current, next: null }
    running.set(folder, entry)
    const forget = () => {
      if (running.get(folder) === entry) running.delete(folder)
    }
    current.then(forget, forget)
    return current
  }

  return {
    sync(folder) {
      const entry = running.get(folder)
      if (!entry) return begin(folder)
      entry.next ??= entry.current.then(
        () => begin(folder),
        () => begin(folder),
      )
      return entry.next
    },
  }
}

async function fsyncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}
