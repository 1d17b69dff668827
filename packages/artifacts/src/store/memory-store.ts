import type { CID } from 'multiformats/cid'
import { parseCid, verifyBlock } from '../dag/cid.ts'
import { checkBlockSize } from '../dag/decode-node.ts'
import type { BlobStore } from './blob-store.ts'
import { blockMissing } from './block-errors.ts'

/** A store in memory, for browsers and previews. Its bytes are in `kept`, by the text of their CIDs. */
export function createMemoryStore({
  kept = new Map<string, Uint8Array>(),
  now = Date.now,
}: {
  kept?: Map<string, Uint8Array>
  now?: () => number
} = {}): BlobStore {
  const writtenAtMs = new Map<string, number>()
  return {
    async put({ cid, bytes }, { signal } = {}) {
      signal?.throwIfAborted()
      checkBlockSize(cid, bytes.length)
      const name = cid.toString()
      if (!kept.has(name)) kept.set(name, bytes.slice())
      writtenAtMs.set(name, now())
    },
    async get(cid, { signal } = {}) {
      signal?.throwIfAborted()
      const bytes = kept.get(cid.toString())
      if (!bytes) throw blockMissing(cid, 'in this memory')
      await verifyBlock(cid, bytes, 'in this memory')
      return bytes.slice()
    },
    async has(cid: CID, { signal } = {}) {
      signal?.throwIfAborted()
      return kept.has(cid.toString())
    },
    async delete(cid, { signal, writtenBeforeMs = Number.POSITIVE_INFINITY } = {}) {
      signal?.throwIfAborted()
      const name = cid.toString()
      return (writtenAtMs.get(name) ?? 0) < writtenBeforeMs && kept.delete(name)
    },
    async *list({ signal } = {}) {
      for (const [name, bytes] of [...kept]) {
        signal?.throwIfAborted()
        yield {
          cid: parseCid(name),
          sizeBytes: bytes.length,
          writtenAtMs: writtenAtMs.get(name) ?? 0,
        }
      }
    },
  }
}
