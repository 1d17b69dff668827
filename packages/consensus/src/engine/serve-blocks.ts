import type { DecidedBlock } from '../codec/decided.ts'
import type { BlockStore } from '../storage/block-store.ts'
import { type BlockRange, maxBlocksPerRequest } from './transport.ts'

/** The decided blocks of a range as far as we have them. */
export async function readBlocks(
  store: BlockStore,
  { from, count }: BlockRange,
): Promise<DecidedBlock[]> {
  const blocks: DecidedBlock[] = []
  const end = Math.min(from + Math.min(count, maxBlocksPerRequest), store.height + 1)
  for (let height = Math.max(1, from); height < end; height++) {
    const decided = await store.byHeight(height)
    if (!decided) break
    blocks.push(decided)
  }
  return blocks
}
