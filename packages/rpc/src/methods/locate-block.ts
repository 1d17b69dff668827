import type { Block, BlockReader, Execution, Header, Receipt, StateReader } from '@quoin/execution'
import { historyUnavailable, serverError } from '../errors.ts'
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
  if (reference.by === 'number') {
    const found = await blocks.headerByNumber(reference.number)
    if (!found && wasThere(blocks, reference.number)) throw blockUnavailable(reference.number)
    return found
  }
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
  const header = await findHeader(execution, reference)
  if (!header) return null
  const block = await execution.blocks.byHash(header.hash)
  if (!block && wasThere(execution.blocks, header.number)) throw blockUnavailable(header.number)
  return block
}

/** Receipts that a canonical block must have. @throws NumberedError 4444 when they are not kept */
export async function requireReceipts(
  { blocks }: Execution,
  { hash, number }: Header,
): Promise<Receipt[]> {
  const receipts = await blocks.receipts(hash)
  if (receipts) return receipts
  throw historyUnavailable(`the receipts of block ${number} are not kept here`)
}

function wasThere({ genesis, head, historyStart }: BlockReader, number: bigint): boolean {
  return number > genesis.number && number < historyStart && number <= head.number
}

function blockUnavailable(number: bigint) {
  return historyUnavailable(`block ${number} is not kept here`)
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
    throw serverError(
      `missing trie node ${header.stateRoot.slice(2)} (path ) state ${header.stateRoot} of block ${header.number} is not available`,
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
