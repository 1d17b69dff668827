import type { Execution, Header } from '@quoin/execution'
import { bigintToHex } from '@quoin/kernel'
import { invalidParams, serverError } from '../errors.ts'
import { feeHistory } from '../fees/fee-history.ts'
import { suggestTip } from '../fees/tip-oracle.ts'
import { parseBlockNumber } from '../params/block-reference.ts'
import { optional, parseCount, parseList, required } from '../params/values.ts'
import { type MethodTable, method } from './context.ts'
import { requireHeader } from './locate-block.ts'

const maxHistoryBlocks = 1024
const maxPercentiles = 100

/** What gas costs now and did before. */
export const feeMethods: MethodTable = {
  eth_gasPrice: method(0, async (_, { execution }) => {
    const tip = await suggestTip(execution)
    return bigintToHex(tip + (execution.blocks.head.baseFeePerGas ?? 0n))
  }),
  eth_maxPriorityFeePerGas: method(0, async (_, { execution }) =>
    bigintToHex(await suggestTip(execution)),
  ),
  eth_baseFee: method(0, (_, { execution }) => nextFees(execution).baseFeePerGas),
  eth_blobBaseFee: method(0, (_, { execution }) => nextFees(execution).blobBaseFee),
  eth_feeHistory: method(3, async (params, { execution }) => {
    const count = Math.min(required(params, 0, parseCount), maxHistoryBlocks)
    const newest = await newestHeader(params, execution)
    const percentiles = optional(params, 2, parsePercentiles, null)
    if (count === 0) return { oldestBlock: '0x0', gasUsedRatio: null }
    return feeHistory(execution, await lastHeaders(execution, newest, count), percentiles)
  }),
}

function nextFees({ blocks, fees }: Execution) {
  const { baseFeePerGas, blobBaseFee } = fees(blocks.head).next
  return {
    baseFeePerGas: baseFeePerGas === null ? null : bigintToHex(baseFeePerGas),
    blobBaseFee: blobBaseFee === null ? null : bigintToHex(blobBaseFee),
  }
}

async function newestHeader(params: readonly unknown[], execution: Execution): Promise<Header> {
  const reference = required(params, 1, parseBlockNumber)
  const { head } = execution.blocks
  if (reference.by === 'number' && reference.number > head.number)
    throw serverError(
      `request beyond head block: requested ${reference.number}, head ${head.number}`,
    )
  return requireHeader(execution, reference)
}

async function lastHeaders({ blocks }: Execution, newest: Header, count: number) {
  const headers = [newest]
  while (headers.length < count) {
    const child = headers.at(-1)
    const parent = child && child.number > 0n ? await blocks.header(child.parentHash) : null
    if (!parent) break
    headers.push(parent)
  }
  return headers.reverse()
}

function parsePercentiles(value: unknown, index: number): number[] {
  const list = parseList(value, index, (item) => {
    if (typeof item !== 'number' || !(item >= 0 && item <= 100))
      throw invalidParams(`invalid reward percentile: ${String(item).slice(0, 20)}`)
    return item
  })
  if (list.length > maxPercentiles)
    throw invalidParams(`over the query limit ${maxPercentiles} of reward percentiles`)
  list.forEach((item, place) => {
    const before = list[place - 1] ?? 0
    if (item < before)
      throw invalidParams(`invalid reward percentile: #${place - 1}:${before} >= #${place}:${item}`)
  })
  return list
}
