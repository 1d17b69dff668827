import { CodedError } from '@quoin/kernel'
import type { BlockStore, DecidedBlock } from '../storage/block-store.ts'

/** A store of decided blocks over a list that plays the disk. */
export function openMemoryStore(blocks: DecidedBlock[]): BlockStore {
  return {
    get height() {
      return blocks.length
    },
    async append(decided) {
      const { height } = decided.block.header
      if (height !== blocks.length + 1)
        throw new CodedError('STORE_GAP', `Block ${height} does not follow ${blocks.length}`)
      blocks.push(decided)
    },
    byHeight: async (height) => blocks[height - 1] ?? null,
    byId: async (id) => blocks.find((decided) => decided.id === id) ?? null,
    async [Symbol.asyncDispose]() {},
  }
}
