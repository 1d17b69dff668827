import { CodedError } from '@quoin/kernel'
import type { BlockStore, DecidedBlock } from '../storage/block-store.ts'

/** A store of decided blocks over a list that plays the disk: from 1 on, or from a snapshot's height. */
export function openMemoryStore(blocks: DecidedBlock[]): BlockStore {
  const heightOf = (decided?: DecidedBlock) => decided?.block.header.height ?? 0
  return {
    get height() {
      return heightOf(blocks.at(-1))
    },
    async append(decided) {
      const { height } = decided.block.header
      const last = heightOf(blocks.at(-1))
      if (height !== last + 1)
        throw new CodedError('STORE_GAP', `Block ${height} does not follow ${last}`)
      blocks.push(decided)
    },
    byHeight: async (height) => blocks[height - heightOf(blocks[0])] ?? null,
    byId: async (id) => blocks.find((decided) => decided.id === id) ?? null,
    async [Symbol.asyncDispose]() {},
  }
}
