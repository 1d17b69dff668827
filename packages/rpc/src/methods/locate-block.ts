import type { Block, Execution, Header, StateReader } from '@quoin/execution'
import { rpcError, serverError } from '../errors.ts'
import type { BlockReference, BlockTag } from '../params/block-reference.ts'

/**
 * The header a caller means, null when there is none. There is no separate pending block: `pending`
 * is the latest block, as in other clients that do not build one for every question.
 */
export async function findHeader(
  { blocks }: Execution,
  reference: BlockReference,
): Promise<Header | null> {
  if (reference.by === 'tag') return taggedHeader(blocks, reference.tag)
  if (reference.by === 'number') return blocks.headerByNumber(reference.number)
  const header = await blocks.header(reference.hash)
  if (!header || !reference.requireCanonical) return header
  const canonical = await blocks.headerByNumber(header.number)
  if (canonical?.hash !== header.hash) throw serverError('hash is not currently canonical')
  return header
}

export async function findBlock(
  execution: Execution,
  reference: BlockReference,
): Promise<Block | null> {
  if (reference.by === 'number') return execution.blocks.byNumber(reference.number)
  const header = await findHeader(execution, reference)
  return header && execution.blocks.byHash(header.hash)
}

/** @throws CodedError SERVER with geth's text when the block is unknown. */
export async function requireHeader(
  execution: Execution,
  reference: BlockReference,
): Promise<Header> {
  const header = await findHeader(execution, reference)
  if (header) return header
  if (reference.by === 'hash') throw serverError('header for hash not found')
  if (reference.by === 'tag') throw serverError(`${reference.tag} block not found`)
  throw serverError('header not found')
}

/** @throws CodedError SERVER when the block is unknown or its state is gone. */
export async function requireState(
  execution: Execution,
  reference: BlockReference,
): Promise<{ header: Header; state: StateReader }> {
  const header = await requireHeader(execution, reference)
  const state = await execution.state(header.hash)
  if (!state)
    throw rpcError(
      'SERVER',
      `missing state of block ${header.number} (${header.hash}): it is not kept`,
    )
  return { header, state }
}

function taggedHeader(blocks: Execution['blocks'], tag: BlockTag): Header | null {
  switch (tag) {
    case 'latest':
    case 'pending':
      return blocks.head
    case 'earliest':
      return blocks.genesis
    case 'safe':
      return blocks.safe
    case 'finalized':
      return blocks.finalized
  }
}
