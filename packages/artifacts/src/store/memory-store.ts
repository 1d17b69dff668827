import type { CID } from 'multiformats/cid'
import { verifyBlock } from '../dag/cid.ts'
import { checkBlockSize } from '../dag/decode-node.ts'
import type { BlobStore } from './blob-store.ts'
import { blockMissing } from './block-errors.ts'

/** A store in memory, for browsers, previews and tests: durable for as long as the process lives. */
export function createMemoryStore({ now = Date.now }: { now?: () => number } = {}): BlobStore {
  const blocks = new Map<string, { cid: CID; bytes: Uint8Array; writtenAtMs: number }>()
  return {
    async put({ cid, bytes }, { signal } = {}) {
      signal?.throwIfAborted()
      checkBlockSize(cid, bytes.length)
      const existing = blocks.get(cid.toString())
      blocks.set(cid.toString(), {
        cid,
        bytes: existing?.bytes ?? bytes.slice(),
        writtenAtMs: now(),
      })
    },
    async get(cid, { signal } = {}) {
      signal?.throwIfAborted()
      const block = blocks.get(cid.toString())
      if (!block) throw blockMissing(cid, 'in this memory')
      await verifyBlock(cid, block.bytes, 'in this memory')
      return block.bytes.slice()
    },
    async has(cid, { signal } = {}) {
      signal?.throwIfAborted()
      return blocks.has(cid.toString())
    },
    async delete(cid, { signal, writtenBeforeMs = Number.POSITIVE_INFINITY } = {}) {
      signal?.throwIfAborted()
      const block = blocks.get(cid.toString())
      return !!block && block.writtenAtMs < writtenBeforeMs && blocks.delete(cid.toString())
    },
    async *list({ signal } = {}) {
      for (const { cid, bytes, writtenAtMs } of [...blocks.values()]) {
        signal?.throwIfAborted()
        yield { cid, sizeBytes: bytes.length, writtenAtMs }
      }
    },
  }
}
