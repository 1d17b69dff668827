import type { Block } from '../dag/cid.ts'
import { ArtifactError } from '../errors.ts'
import type { ProgressListener } from '../importing/import-bytes.ts'
import { importPath } from '../importing/import-path.ts'
import { carHeader, carSection } from './car-sections.ts'

export type PackOptions = {
  includeHidden?: boolean
  signal?: AbortSignal | undefined
  onProgress?: ProgressListener | undefined
}

/** Blocks that wait for the reader of the archive. */
const maxWaiting = 8

/**
 * A file or folder from disk as one CAR, without a store: it is read twice, for the root comes first. The
 * order of blocks may differ from one time to the next. A few blocks are in memory.
 * @throws ArtifactError `SOURCE_UNREADABLE`, `SOURCE_CHANGED` (also between the two readings)
 */
export async function* packPath(
  path: string,
  options: PackOptions = {},
): AsyncGenerator<Uint8Array> {
  const { onProgress: _, ...quiet } = options
  const { cid: root } = await importPath(path, { ...quiet, write: async () => {} })
  yield* await carHeader(root)
  const queue = new BlockQueue()
  const importing = importPath(path, { ...options, write: (block) => queue.push(block) })
  importing.then(
    () => queue.end(),
    () => queue.end(),
  )
  try {
    for (let block = await queue.shift(); block; block = await queue.shift())
      yield* carSection(block)
  } finally {
    queue.close()
    await importing.catch(() => {})
  }
  if (!(await importing).cid.equals(root))
    throw new ArtifactError(
      'SOURCE_CHANGED',
      `${path} changed while it was packed; publish it again`,
    )
}

/** A writer waits while the queue is full; both sides are told when the other is gone. */
class BlockQueue {
  readonly #blocks: Block[] = []
  readonly #writers: (() => void)[] = []
  #reader: (() => void) | null = null
  #hasEnded = false
  #isClosed = false

  /** Copies the block, whose array is used again once this resolves. */
  async push({ cid, bytes }: Block): Promise<void> {
    while (this.#blocks.length >= maxWaiting && !this.#isClosed)
      await new Promise<void>((resolve) => this.#writers.push(resolve))
    if (this.#isClosed) throw new Error('The archive is no longer read')
    this.#blocks.push({ cid, bytes: bytes.slice() })
    this.#reader?.()
  }

  /** Undefined at the end. */
  async shift(): Promise<Block | undefined> {
    while (this.#blocks.length === 0 && !this.#hasEnded)
      await new Promise<void>((resolve) => {
        this.#reader = resolve
      })
    this.#writers.shift()?.()
    return this.#blocks.shift()
  }

  end(): void {
    this.#hasEnded = true
    this.#reader?.()
  }

  close(): void {
    this.#isClosed = true
    for (const resume of this.#writers.splice(0)) resume()
  }
}
