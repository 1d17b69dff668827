import { type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import { lightError } from '../errors.ts'
import { logToJson } from './format.ts'
import type { VerifiedChain } from './verified-chain.ts'

export interface LogQuery {
  from: number
  to: number
  /** Any of these; empty for all. */
  addresses: readonly Hex[]
  /** By position: any of these, or null for all. */
  topics: readonly (readonly Hex[] | null)[]
}

/** Blocks in one query, and how many of them are read at a time. */
const mostBlocks = 5_000
const atOnce = 8

/**
 * All logs of a range that match. Complete: each block's header says by its bloom that it has none, or all its
 * receipts are read and hashed.
 */
export async function queryLogs(
  chain: VerifiedChain,
  query: LogQuery,
  options: { signal?: AbortSignal },
): Promise<ReturnType<typeof logToJson>[]> {
  const { from, to } = query
  if (to - from >= mostBlocks)
    throw lightError('TOO_MUCH', `${to - from + 1} blocks of logs at once, at most ${mostBlocks}`)
  if (to > chain.client.newest.height) await chain.point('newest', options)
  const last = Math.min(to, chain.client.newest.height)
  const points = last < from ? [] : await chain.client.range(from, last, options)
  const found: ReturnType<typeof logToJson>[] = []
  for (let start = 0; start < points.length; start += atOnce) {
    const part = points.slice(start, start + atOnce)
    const lists = await Promise.all(part.map(({ height }) => logsOf(height)))
    found.push(...lists.flat())
  }
  return found

  async function logsOf(height: number) {
    const header = await chain.header(height, options)
    if (!mayMatch(header.logsBloom, query)) return []
    const [block, receipts] = await Promise.all([
      chain.block(height, options),
      chain.receipts(height, options),
    ])
    let logIndex = 0
    return receipts.flatMap(({ logs }, index) =>
      logs.flatMap((log) => {
        const position = { block, index, logIndex: logIndex++ }
        return isMatch(log, query) ? [logToJson(log, position)] : []
      }),
    )
  }
}

function isMatch(log: { address: Hex; topics: Hex[] }, { addresses, topics }: LogQuery): boolean {
  if (addresses.length > 0 && !addresses.includes(log.address)) return false
  return topics.every((wanted, index) => {
    const topic = log.topics[index]
    return topic !== undefined ? wanted === null || wanted.includes(topic) : false
  })
}

/** Whether a block's bloom filter (Yellow Paper 4.3.1) leaves a match possible. */
function mayMatch(bloomHex: Hex, { addresses, topics }: LogQuery): boolean {
  const bloom = hexToBytes(bloomHex)
  const mayHold = (values: readonly Hex[]) => values.some((value) => isInBloom(bloom, value))
  if (addresses.length > 0 && !mayHold(addresses)) return false
  return topics.every((wanted) => wanted === null || mayHold(wanted))
}

function isInBloom(bloom: Uint8Array, value: Hex): boolean {
  const hash = keccak256(hexToBytes(value))
  return [0, 2, 4].every((at) => {
    const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047
    return ((bloom[255 - (bit >> 3)] ?? 0) >> (bit & 7)) & 1
  })
}
