import type { CID } from 'multiformats/cid'
import { dagPbCode } from '../dag/cid.ts'
import { decodeNode, linksOf } from '../dag/decode-node.ts'
import { ArtifactError, artifactErrorCode } from '../errors.ts'
import { CidSet } from '../reading/walk-dag.ts'
import type { BlobStore } from '../store/blob-store.ts'
import type { BlockSource } from './block-source.ts'
import { SourcePool } from './source-pool.ts'

/** `totalBytes` is what the root's publisher states, null until the root is there. */
export type FetchProgress = {
  blocks: number
  bytes: number
  fetchedBlocks: number
  fetchedBytes: number
  totalBytes: number | null
}

export type FetchOptions = {
  store: BlobStore
  sources: readonly BlockSource[]
  signal?: AbortSignal | undefined
  onProgress?: (progress: FetchProgress) => void
  /** Blocks asked for at once. Default 8. */
  concurrency?: number
  /** How long a source may take for a block. Default 30 s. */
  blockTimeoutMs?: number
  /** How often all sources are asked for a block, and the first pause between. Default 3, 250 ms. */
  rounds?: number
  retryMs?: number
  /** Refuses an artifact beyond these. Default 1 TiB and 2^21 blocks. */
  maxBytes?: number
  maxBlocks?: number
}

const defaults = {
  concurrency: 8,
  blockTimeoutMs: 30_000,
  rounds: 3,
  retryMs: 250,
  maxBytes: 2 ** 40,
  maxBlocks: 2 ** 21,
}

/**
 * Brings everything that `root` reaches into `store`, each block verified as it comes. What is there is not
 * fetched again, so a fetch that was cut off goes on where it stopped. Pin the root afterwards.
 * @throws ArtifactError `FETCH_FAILED` naming a block and what each source said, `INVALID_NODE`,
 * `LIMIT_EXCEEDED`, and what the store throws
 */
export async function fetchDag(root: CID, options: FetchOptions): Promise<FetchProgress> {
  await using fetching = new Fetching({ ...defaults, ...options })
  return await fetching.run(root)
}

class Fetching implements AsyncDisposable {
  readonly #options: FetchOptions & typeof defaults
  readonly #pool: SourcePool
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #pending: CID[] = []
  readonly #seen = new CidSet()
  readonly #running = new Set<Promise<void>>()
  readonly #progress: FetchProgress = {
    blocks: 0,
    bytes: 0,
    fetchedBlocks: 0,
    fetchedBytes: 0,
    totalBytes: null,
  }

  constructor(options: FetchOptions & typeof defaults) {
    this.#options = options
    this.#pool = new SourcePool(options.sources, options)
    this.#signal = AbortSignal.any([this.#stop.signal, ...(options.signal ? [options.signal] : [])])
  }

  async run(root: CID): Promise<FetchProgress> {
    this.#pending.push(root)
    while (this.#pending.length > 0 || this.#running.size > 0) {
      this.#signal.throwIfAborted()
      this.#begin()
      await Promise.race(this.#running)
    }
    return { ...this.#progress }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#running)
  }

  #begin(): void {
    while (this.#running.size < this.#options.concurrency) {
      const cid = this.#pending.pop()
      if (!cid) return
      if (!this.#seen.add(cid)) continue
      if (this.#seen.size > this.#options.maxBlocks)
        throw tooLarge(`more than ${this.#options.maxBlocks} blocks`)
      const task = this.#take(cid)
      this.#running.add(task)
      task.then(
        () => this.#running.delete(task),
        () => {}, // it stays in the set, where the race finds it
      )
    }
  }

  async #take(cid: CID): Promise<void> {
    const there = await this.#fromStore(cid)
    const bytes = there ?? (await this.#fetch(cid))
    this.#progress.blocks++
    if (bytes === 'leaf') return this.#tell()
    this.#progress.bytes += bytes.length
    const links = cid.code === dagPbCode ? linksOf(decodeNode({ cid, bytes })) : []
    const stated = links.reduce((sum, link) => sum + link.dagBytes, bytes.length)
    this.#progress.totalBytes ??= stated
    if (Math.max(this.#progress.bytes, stated) > this.#options.maxBytes)
      throw tooLarge(`more than ${this.#options.maxBytes} bytes`)
    for (const { cid: child } of links.toReversed())
      if (!this.#seen.has(child)) this.#pending.push(child)
    this.#tell()
  }

  /** A leaf that is there is not read. A node that is there but wrong is fetched again. */
  async #fromStore(cid: CID): Promise<Uint8Array | 'leaf' | null> {
    const { store } = this.#options
    if (!(await store.has(cid, { signal: this.#signal }))) return null
    if (cid.code !== dagPbCode) return 'leaf'
    try {
      return await store.get(cid, { signal: this.#signal })
    } catch (error) {
      if (artifactErrorCode(error) !== 'BLOCK_CORRUPT') throw error
      await store.delete(cid)
      return null
    }
  }

  async #fetch(cid: CID): Promise<Uint8Array> {
    const bytes = await this.#pool.get(cid, this.#signal)
    await this.#options.store.put({ cid, bytes }, { signal: this.#signal })
    this.#progress.fetchedBlocks++
    this.#progress.fetchedBytes += bytes.length
    return bytes
  }

  #tell(): void {
    this.#options.onProgress?.({ ...this.#progress })
  }
}

function tooLarge(what: string): ArtifactError {
  return new ArtifactError(
    'LIMIT_EXCEEDED',
    `The artifact has ${what}, which is the limit; raise the limit to fetch it`,
  )
}
