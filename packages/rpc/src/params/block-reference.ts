import type { Hex } from '@quoin/kernel'
import { invalidArgument } from '../errors.ts'
import { isObject, parseBoolean, parseHash, parseUint64 } from './values.ts'

export type BlockTag = 'latest' | 'pending' | 'earliest' | 'safe' | 'finalized'

/** How a caller names a block: a tag, a height, or a hash (EIP-1898). */
export type BlockReference =
  | { by: 'tag'; tag: BlockTag }
  | { by: 'number'; number: bigint }
  | { by: 'hash'; hash: Hex; requireCanonical: boolean }

export const latest: BlockReference = { by: 'tag', tag: 'latest' }

const tags: readonly string[] = ['latest', 'pending', 'earliest', 'safe', 'finalized']

function isTag(value: unknown): value is BlockTag {
  return typeof value === 'string' && tags.includes(value)
}

/** A tag or a height. */
export function parseBlockNumber(value: unknown, index: number): BlockReference {
  if (isTag(value)) return { by: 'tag', tag: value }
  return { by: 'number', number: parseUint64(value, index) }
}

/** A tag, a height, a hash, or an EIP-1898 object. */
export function parseBlockReference(value: unknown, index: number): BlockReference {
  if (typeof value === 'string' && value.length === 66)
    return { by: 'hash', hash: parseHash(value, index), requireCanonical: false }
  return isObject(value) ? parseReferenceObject(value, index) : parseBlockNumber(value, index)
}

function parseReferenceObject(value: Record<string, unknown>, index: number): BlockReference {
  const { blockHash, blockNumber, requireCanonical } = value
  if (blockHash !== undefined && blockNumber !== undefined)
    throw invalidArgument(
      index,
      'cannot specify both BlockHash and BlockNumber, choose one or the other',
    )
  if (blockNumber !== undefined) return parseBlockNumber(blockNumber, index)
  return {
    by: 'hash',
    hash: parseHash(blockHash, index),
    requireCanonical:
      requireCanonical === undefined ? false : parseBoolean(requireCanonical, index),
  }
}
