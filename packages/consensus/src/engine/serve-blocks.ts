import type { DecidedBlock } from '../codec/decided.ts'
import type { BlockStore } from '../storage/block-store.ts'
import { type BlockRange, maxBlocksPerRequest } from './transport.ts'

/** No more blocks are read once their transactions have so many bytes: one peer could ask for gigabytes. */
const enoughBytes = 16 * 1024 * 1024

/** The decided blocks of a range as far as we have them, and as fit into one answer. */
export async function readBlocks(
  store: BlockStore,
  { from, count }: BlockRange,
): Promise<DecidedBlock[]> {
  const blocks: DecidedBlock[] = []
  const end = Math.min(from + Math.min(count, maxBlocksPerRequest), store.height + 1)
  let bytes = 0
  for (let height = Math.max(1, from); height < end && bytes < enoughBytes; height++) {
    const decided = await store.byHeight(height)
    if (!decided) break
    blocks.push(decided)
    for (const { length } of decided.block.payload.transactions) bytes += length / 2
  }
  return blocks
}
