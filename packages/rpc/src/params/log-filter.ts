import type { Hex } from '@quoin/kernel'
import { invalidArgument, invalidParams } from '../errors.ts'
import { type BlockReference, latest, parseBlockNumber } from './block-reference.ts'
import { field } from './call-object.ts'
import { parseAddress, parseHash, parseList, parseObject } from './values.ts'

/** Which logs: of any of `addresses` (all when empty), with `topics[i]` one of the i-th set (null: any). */
export interface LogCriteria {
  addresses: Hex[]
  topics: (Hex[] | null)[]
}

/** Where to look: one block by hash, or an inclusive range. */
type LogRange =
  | { by: 'hash'; hash: Hex }
  | { by: 'range'; from: BlockReference; to: BlockReference }

export interface LogFilter extends LogCriteria {
  range: LogRange
}

const maxTopics = 4
const maxAlternatives = 1000

/** The filter object of eth_getLogs, eth_newFilter and eth_subscribe. */
export function parseLogFilter(value: unknown, index: number): LogFilter {
  const object = parseObject(value, index)
  return { ...parseCriteria(object, index), range: parseRange(object, index) }
}

function parseRange(object: Record<string, unknown>, index: number): LogRange {
  const hash = field(object, 'blockHash', parseHash, index)
  const from = field(object, 'fromBlock', parseBlockNumber, index)
  const to = field(object, 'toBlock', parseBlockNumber, index)
  if (hash === undefined) return { by: 'range', from: from ?? latest, to: to ?? latest }
  if (from || to)
    throw invalidArgument(
      index,
      'cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other',
    )
  return { by: 'hash', hash }
}

function parseCriteria(object: Record<string, unknown>, index: number): LogCriteria {
  const addresses = field(object, 'address', parseOneOrMore(parseAddress), index) ?? []
  const topics = field(object, 'topics', parseTopics, index) ?? []
  if (addresses.length > maxAlternatives) throw invalidParams('exceed max addresses')
  return { addresses, topics }
}

function parseTopics(value: unknown, index: number): (Hex[] | null)[] {
  const topics = parseList(value, index, (item) => {
    if (item === null) return null
    const alternatives = parseOneOrMore(parseTopic)(item, index)
    return alternatives.length === 0 || alternatives.includes(null)
      ? null
      : alternatives.filter(isHex)
  })
  if (topics.length > maxTopics) throw invalidParams('exceed max topics')
  if (topics.some((alternatives) => (alternatives?.length ?? 0) > maxAlternatives))
    throw invalidParams('exceed max topics')
  return topics
}

function parseTopic(value: unknown, index: number): Hex | null {
  return value === null ? null : parseHash(value, index)
}

function isHex(value: Hex | null): value is Hex {
  return value !== null
}

function parseOneOrMore<T>(parse: (value: unknown, index: number) => T) {
  return (value: unknown, index: number): T[] =>
    Array.isArray(value) ? value.map((item) => parse(item, index)) : [parse(value, index)]
}
