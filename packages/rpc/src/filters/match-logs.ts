import type { HeadEvent, Header, Receipt } from '@quoin/execution'
import type { Hex } from '@quoin/kernel'
import { hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { logToJson } from '../format/receipt.ts'
import type { LogCriteria } from '../params/log-filter.ts'

export type LogJson = ReturnType<typeof logToJson>

/** The logs of a block that fit, as JSON, in order. */
export function matchingLogs(
  header: Header,
  receipts: readonly Receipt[],
  criteria: LogCriteria,
  removed = false,
): LogJson[] {
  return receipts.flatMap((receipt) =>
    receipt.logs
      .filter((log) => fits(log, criteria))
      .map((log) => logToJson(log, { header, ...receipt }, removed)),
  )
}

function fits(log: { address: Hex; topics: Hex[] }, { addresses, topics }: LogCriteria): boolean {
  if (addresses.length > 0 && !addresses.includes(log.address)) return false
  if (topics.length > log.topics.length) return false
  return topics.every((alternatives, place) => {
    const topic = log.topics[place]
    return alternatives === null || (topic !== undefined && alternatives.includes(topic))
  })
}

/** Positions in a 2048-bit bloom (yellow paper, M3:2048) that an address or topic sets. */
type BloomBits = readonly (readonly [byte: number, mask: number])[]

/** A quick test on a header's bloom: false means that no log of the block fits. */
export function createBloomTest(criteria: LogCriteria): (header: Header) => boolean {
  const groups = [criteria.addresses, ...criteria.topics]
    .filter((group) => group !== null)
    .filter((group) => group.length > 0)
    .map((group) => group.map(bloomBits))
  return ({ logsBloom }) => {
    if (groups.length === 0) return true
    const bloom = Buffer.from(logsBloom.slice(2), 'hex')
    return groups.every((group) =>
      group.some((bits) => bits.every(([byte, mask]) => ((bloom[byte] ?? 0) & mask) !== 0)),
    )
  }
}

function bloomBits(item: Hex): BloomBits {
  const hash = Buffer.from(keccak256(hexToBytes(item)))
  return [0, 2, 4].map((offset) => {
    const bit = hash.readUInt16BE(offset) & 2047
    return [255 - (bit >> 3), 1 << (bit & 7)] as const
  })
}

/** The logs that a new head brings: those of blocks that left, latest first, then of those that came. */
export function logsOfEvent({ added, removed }: HeadEvent, criteria: LogCriteria): LogJson[] {
  return [
    ...removed.flatMap(({ block, receipts }) =>
      matchingLogs(block.header, receipts, criteria, true).toReversed(),
    ),
    ...added.flatMap(({ block, receipts }) => matchingLogs(block.header, receipts, criteria)),
  ]
}
