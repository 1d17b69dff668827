import type { Files, OpenFile } from '../../storage/files.ts'
import type { Random } from '../random.ts'

interface Inode {
  /** As programs see it. */
  current: Buffer
  /** What the disk has for certain. */
  synced: Buffer
}

/**
 * A disk that keeps, over a crash, what was synced, and of the rest whatever chance leaves: a part of what
 * was appended, a truncation or not, a rename or not. `freeBytes` can run out.
 */
export class SimulatedFiles implements Files {
  freeBytes = Number.POSITIVE_INFINITY
  #names = new Map<string, Inode>()
  #syncedNames = new Map<string, Inode>()

  async open(path: string): Promise<OpenFile> {
    const inode = this.#names.get(path) ?? { current: Buffer.alloc(0), synced: Buffer.alloc(0) }
    this.#names.set(path, inode)
    return {
      read: async () => Buffer.from(inode.current),
      append: async (bytes) => this.#append(inode, bytes),
      async truncate(sizeBytes) {
        inode.current = Buffer.from(inode.current.subarray(0, sizeBytes))
      },
      async datasync() {
        inode.synced = inode.current
      },
      async close() {},
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const inode = this.#names.get(from)
    if (!inode) throw new Error(`No file ${from}`)
    this.#names.set(to, inode)
    this.#names.delete(from)
  }

  async remove(path: string): Promise<void> {
    this.#names.delete(path)
  }

  async syncFolderOf(): Promise<void> {
    this.#syncedNames = new Map(this.#names)
  }

  /** The power goes. */
  crash(random: Random): void {
    const keepsNames = random.chance(0.5)
    if (!keepsNames) this.#names = new Map(this.#syncedNames)
    for (const inode of new Set(this.#names.values())) {
      inode.current = remainder(inode, random)
      inode.synced = inode.current
    }
    this.#syncedNames = new Map(this.#names)
  }

  /** Damages what is durable: one flipped bit. False when the file has nothing. */
  corrupt(path: string, random: Random): boolean {
    const inode = this.#names.get(path)
    if (!inode || inode.current.length === 0) return false
    const damaged = Buffer.from(inode.current)
    const at = random.below(damaged.length)
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8))
    inode.current = damaged
    inode.synced = damaged
    return true
  }

  sizeOf(path: string): number {
    return this.#names.get(path)?.current.length ?? 0
  }

  #append(inode: Inode, bytes: Uint8Array): void {
    const written = Math.min(bytes.length, this.freeBytes)
    inode.current = Buffer.concat([inode.current, bytes.subarray(0, written)])
    this.freeBytes -= written
    if (written < bytes.length)
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }
}

/** What a crash leaves of a file: all, what was synced, or that and a torn part of the rest. */
function remainder({ current, synced }: Inode, random: Random): Buffer {
  if (current.equals(synced) || random.chance(0.3)) return current
  const isAppended =
    current.length > synced.length && current.subarray(0, synced.length).equals(synced)
  if (!isAppended || random.chance(0.3)) return synced
  const kept = synced.length + random.below(current.length - synced.length + 1)
  const torn = Buffer.from(current.subarray(0, kept))
  // A file system may have made it longer before it wrote what belongs there.
  const room = current.length - kept
  if (random.chance(0.3)) return Buffer.concat([torn, Buffer.alloc(random.below(room + 1))])
  return torn
}
