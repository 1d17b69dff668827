import type { Hex } from '@quoin/kernel'
import type { PowBlock } from '../block.ts'
import { type Court, checkBody, checkHeader } from '../judgement.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import type { Link } from '../tree/link.ts'

/** What became of a block: kept, or why not. `dead` stands on a block that execution found invalid. */
export type Taken =
  | { outcome: 'stored'; link: Link }
  | { outcome: 'known' | 'finalized' | 'dead' }
  | { outcome: 'orphan'; parentId: Hex }

/**
 * Checks a block whose work was verified and keeps it, on whichever branch it is.
 * @throws CodedError `INVALID_BLOCK`
 */
export async function takeBlock(
  block: PowBlock,
  { tree, ...court }: Court & { tree: BlockTree },
): Promise<Taken> {
  if (tree.link(block.id)) return { outcome: 'known' }
  const parent = tree.link(block.header.parentId)
  if (!parent) return { outcome: 'orphan', parentId: block.header.parentId }
  checkHeader(block, parent, court)
  if (court.judgement.isBelowFinal(parent, tree.finalizedHeight)) return { outcome: 'finalized' }
  if (tree.isInvalid(parent.id)) return { outcome: 'dead' }
  checkBody(block, parent, court)
  const link = court.judgement.linkOn(parent, block, court.rules)
  await tree.put(block, link)
  return { outcome: 'stored', link }
}
