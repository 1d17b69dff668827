import type { Hex } from '@quoin/kernel'
import type { PowBlock } from '../block.ts'
import { checkBody, checkHeader } from '../check-block.ts'
import type { PowRules } from '../rules.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import { type Link, linkOn } from '../tree/link.ts'

/** What became of a block: kept, or why not yet. */
export type Taken =
  | { outcome: 'stored'; link: Link }
  | { outcome: 'known' | 'finalized' }
  | { outcome: 'orphan'; parentId: Hex }

/**
 * Checks a block whose work was verified and keeps it, on whichever branch it is.
 * @throws CodedError `INVALID_BLOCK`
 */
export async function takeBlock(
  block: PowBlock,
  { tree, rules }: { tree: BlockTree; rules: PowRules },
): Promise<Taken> {
  if (tree.link(block.id)) return { outcome: 'known' }
  const parent = tree.link(block.header.parentId)
  if (!parent) return { outcome: 'orphan', parentId: block.header.parentId }
  checkHeader(block, parent, rules)
  if (parent.height < tree.finalizedHeight) return { outcome: 'finalized' }
  checkBody(block, parent, rules)
  const link = linkOn(parent, block, rules)
  await tree.put(block, link)
  return { outcome: 'stored', link }
}
