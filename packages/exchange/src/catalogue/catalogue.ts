import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { exchangeError } from '../errors.ts'
import { writeDurably } from './durable-file.ts'
import { type ArtifactRecord, recordSchema } from './record.ts'
import type { Vault } from './vault.ts'

/** A node's artifacts as files in a folder: a record each, and a sealed content key for those it has one for. */
export interface Catalogue {
  /** The oldest first. */
  list(): ArtifactRecord[]
  find(cid: string): ArtifactRecord | undefined
  /** @throws CodedError `CATALOGUE_BROKEN` */
  put(record: ArtifactRecord, contentKey?: Uint8Array): Promise<void>
  remove(cid: string): Promise<void>
  /** Null where there is none. @throws CodedError `CATALOGUE_BROKEN` */
  contentKey(cid: string): Promise<Uint8Array | null>
}

/** @throws CodedError `CATALOGUE_BROKEN` naming a file that is not what it should be */
export async function openCatalogue(folder: string, vault: Vault): Promise<Catalogue> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const records = new Map<string, ArtifactRecord>()
  for (const name of await readdir(folder))
    if (/^[a-z0-9]+\.json$/.test(name)) {
      const record = await readRecord(join(folder, name))
      records.set(record.cid, record)
    }
  const pathOf = (cid: string, ending: string) => join(folder, `${cid}.${ending}`)
  return {
    list: () => [...records.values()].sort((a, b) => a.createdAt.localeCompare(b.createdAt)),
    find: (cid) => records.get(cid),
    async put(record, contentKey) {
      // The key first: a record of something encrypted never stands without it.
      if (contentKey)
        await writeDurably(pathOf(record.cid, 'key'), vault.seal(contentKey, record.cid))
      await writeDurably(pathOf(record.cid, 'json'), `${JSON.stringify(record, null, 2)}\n`)
      records.set(record.cid, record)
    },
    async remove(cid) {
      await rm(pathOf(cid, 'json'), { force: true })
      await rm(pathOf(cid, 'key'), { force: true })
      records.delete(cid)
    },
    async contentKey(cid) {
      let text: string
      try {
        text = await readFile(pathOf(cid, 'key'), 'utf8')
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
        throw exchangeError('CATALOGUE_BROKEN', `Cannot read the content key of ${cid}`, { cause })
      }
      return vault.open(text, cid)
    },
  }
}

async function readRecord(path: string): Promise<ArtifactRecord> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const what = `${path} is no record of an artifact: repair it from a copy, or remove it`
    throw exchangeError('CATALOGUE_BROKEN', what, { cause })
  }
}
