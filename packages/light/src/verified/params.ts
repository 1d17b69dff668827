import { CodedError, type Hex } from '@quoin/kernel'
import { lightError } from '../errors.ts'
import { parseHex, parseObject, parseQuantity } from '../provider/parse.ts'
import type { LogQuery } from './logs.ts'
import type { At, VerifiedChain } from './verified-chain.ts'

/** Readers of JSON-RPC's parameters. @throws CodedError `INVALID_PARAMS` */
export function readHex(value: unknown, what: string, size: number): Hex {
  return asParam(() => parseHex(value, what, size))
}

export function readBytes(value: unknown, what: string): Hex {
  return asParam(() => parseHex(value, what))
}

export function readQuantity(value: unknown, what: string): bigint {
  return asParam(() => parseQuantity(value, what))
}

const tags: Readonly<Record<string, At>> = {
  latest: 'newest',
  safe: 'newest',
  finalized: 'newest',
  pending: 'newest',
  earliest: 0,
}

/** A tag, a number, or EIP-1898's object. Every block is final, so all tags but the first mean the newest. */
export async function readAt(value: unknown, chain: VerifiedChain): Promise<At> {
  if (value === undefined) return 'newest'
  if (typeof value === 'string') return tags[value] ?? Number(readQuantity(value, 'a block'))
  const { blockNumber, blockHash } = asParam(() => parseObject(value, 'a block reference'))
  if (blockHash === undefined) return Number(readQuantity(blockNumber, 'a block number'))
  const hash = readHex(blockHash, 'a block hash', 32)
  const point = await chain.pointOfHash(hash)
  if (point) return point.height
  throw lightError('NOT_AVAILABLE', `No server shows a block ${hash}`)
}

export async function readLogQuery(value: unknown, chain: VerifiedChain): Promise<LogQuery> {
  const filter = asParam(() => parseObject(value, 'a filter'))
  const { blockHash, fromBlock, toBlock, address, topics } = filter
  const heightOf = async (at: unknown) => (await chain.point(await readAt(at, chain))).height
  const [from, to] =
    blockHash === undefined
      ? await Promise.all([heightOf(fromBlock), heightOf(toBlock)])
      : await Promise.all([heightOf({ blockHash }), heightOf({ blockHash })])
  const listOf = (item: unknown) => (Array.isArray(item) ? item : [item])
  const positions = topics === undefined || topics === null ? [] : listOf(topics)
  return {
    from,
    to,
    addresses:
      address === undefined || address === null
        ? []
        : listOf(address).map((item) => readHex(item, 'an address', 20)),
    topics: positions.map((position) =>
      position === null || (Array.isArray(position) && position.length === 0)
        ? null
        : listOf(position).map((topic) => readHex(topic, 'a topic', 32)),
    ),
  }
}

function asParam<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new CodedError('INVALID_PARAMS', cause instanceof Error ? cause.message : String(cause), {
      cause,
    })
  }
}
