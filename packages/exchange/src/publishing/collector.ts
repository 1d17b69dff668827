import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CodedError, type Logger } from '@quoin/kernel'
import { z } from 'zod'
import { writeDurably } from '../catalogue/durable-file.ts'
import { type ArtifactRecord, artifactKinds } from '../catalogue/record.ts'
import { exchangeError } from '../errors.ts'
import { type PublishContext, publishArtifact } from './publish-artifact.ts'
import { openSource, removeSource } from './source.ts'

const collectionSchema = z.strictObject({
  /** Of all its versions. */
  name: z.string().min(1).max(200),
  everySeconds: z.int().min(1).max(31_536_000),
  order: z.strictObject({
    source: z.string().min(1).max(4096),
    kind: z.enum(artifactKinds).optional(),
    mediaType: z.string().max(200).optional(),
    encrypt: z.boolean(),
    access: z.enum(['open', 'licensed']),
    terms: z.string().max(256),
    tellColumns: z.boolean(),
  }),
  /** sha256 of what was published last: the same again is no new version. */
  contentHash: z.string().nullable(),
  /** Milliseconds since 1970. */
  lookedAtMs: z.number(),
  /** Why the last look gave nothing; null where it went well. */
  problem: z.string().nullable(),
})
export type Collection = z.infer<typeof collectionSchema>

const maxCollections = 1000

/** Sources that are looked at again and again; what changed is published as the next version of its name. */
export class Collector {
  readonly #context: PublishContext
  readonly #logger: Logger
  readonly #path: string
  readonly #all = new Map<string, Collection>()

  private constructor(context: PublishContext, logger: Logger, path: string) {
    this.#context = context
    this.#logger = logger
    this.#path = path
  }

  /** @throws CodedError `CATALOGUE_BROKEN` */
  static async open(context: PublishContext, logger: Logger): Promise<Collector> {
    const folder = join(context.folder, 'catalogue', 'collections')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, 'collections.json')
    const collector = new Collector(context, logger, path)
    for (const one of await readAll(path)) collector.#all.set(one.name, one)
    return collector
  }

  list(): Collection[] {
    return [...this.#all.values()]
  }

  /** Begins, or goes on with other terms. The first look is the next `run`. */
  async add(order: Pick<Collection, 'name' | 'everySeconds' | 'order'>): Promise<Collection> {
    if (!this.#all.has(order.name) && this.#all.size >= maxCollections)
      throw exchangeError('PUBLISH_REFUSED', `There are ${maxCollections} collections already`)
    const known = this.#all.get(order.name)
    const contentHash = known?.contentHash ?? null
    const collection = { ...order, contentHash, lookedAtMs: 0, problem: null }
    await this.#keep(collectionSchema.parse(collection))
    return collection
  }

  /** False where there is none. What it published stays. */
  async remove(name: string): Promise<boolean> {
    if (!this.#all.delete(name)) return false
    await this.#write()
    return true
  }

  /** Looks at what is due. A source that fails is looked at again when it is due again. */
  async run(signal: AbortSignal): Promise<void> {
    for (const collection of this.list()) {
      signal.throwIfAborted()
      if (Date.now() - collection.lookedAtMs < collection.everySeconds * 1000) continue
      const looked = { ...collection, lookedAtMs: Date.now(), problem: null }
      try {
        const contentHash = await this.#look(collection, signal)
        if (this.#all.has(collection.name)) await this.#keep({ ...looked, contentHash })
      } catch (error) {
        signal.throwIfAborted()
        const problem = error instanceof CodedError ? error.message.slice(0, 500) : 'it failed'
        this.#logger.warn({ error, name: collection.name }, 'a source was not collected')
        if (this.#all.has(collection.name)) await this.#keep({ ...looked, problem })
      }
    }
  }

  async #look({ name, order, contentHash }: Collection, signal: AbortSignal): Promise<string> {
    const { kind, mediaType, ...rest } = order
    const source = await openSource(order.source, {
      ...{ folder: join(this.#context.folder, 'incoming'), signal, onProgress: () => {} },
    })
    try {
      if (source.isFolder)
        throw exchangeError('PUBLISH_REFUSED', `${order.source} is a folder: collect a file`)
      const hash = await hashOf(source.path, signal)
      if (hash === contentHash) return hash
      const type = mediaType ?? source.mediaType
      const found: ArtifactRecord = await publishArtifact(
        this.#context,
        {
          ...rest,
          ...{ name, source: source.path, fileName: source.name },
          ...(kind !== undefined && { kind }),
          ...(type !== null && { mediaType: type }),
        },
        { signal, onProgress: () => {} },
      )
      this.#logger.info({ name, cid: found.cid, version: found.version }, 'a version was collected')
      return hash
    } finally {
      await removeSource(source)
    }
  }

  async #keep(collection: Collection): Promise<void> {
    this.#all.set(collection.name, collection)
    await this.#write()
  }

  #write(): Promise<void> {
    return writeDurably(this.#path, `${JSON.stringify(this.list(), null, 2)}\n`)
  }
}

async function readAll(path: string): Promise<Collection[]> {
  try {
    return z.array(collectionSchema).parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw exchangeError('CATALOGUE_BROKEN', `${path} cannot be read: repair it, or remove it`, {
      cause,
    })
  }
}

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  return hash.digest('hex')
}
