import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Execution, Header } from '@quoin/execution'
import { historyUnavailable, invalidParams, rpcError, serverError } from '../errors.ts'
import { findHeader, requireReceipts } from '../methods/locate-block.ts'
import type { BlockReference } from '../params/block-reference.ts'
import type { LogFilter } from '../params/log-filter.ts'
import { createBloomTest, type LogJson, matchingLogs } from './match-logs.ts'

export interface LogQueryLimits {
  logBlocks: number
  logResults: number
}

const blocksPerTurn = 64n

/**
 * Logs of the canonical chain, oldest first (eth_getLogs).
 * @throws CodedError INVALID_PARAMS for a range that is reversed, too long or beyond the head;
 * LIMIT_EXCEEDED for too many results; SERVER for an unknown block.
 */
export async function queryLogs(
  execution: Execution,
  filter: LogFilter,
  limits: LogQueryLimits,
  signal: AbortSignal,
): Promise<LogJson[]> {
  const { blocks } = execution
  if (filter.range.by === 'hash') {
    const header = await blocks.header(filter.range.hash)
    if (!header) throw serverError('unknown block')
    return logsOfBlock(execution, header, filter)
  }
  const from = await numberOf(execution, filter.range.from)
  const to = await numberOf(execution, filter.range.to)
  checkRange(from, to, blocks.head.number, limits)
  const mayFit = createBloomTest(filter)
  const logs: LogJson[] = []
  for (let number = from; number <= to; number++) {
    if (number % blocksPerTurn === 0n) {
      await nextTurn()
      signal.throwIfAborted()
    }
    const header = await blocks.headerByNumber(number)
    if (!header) throw historyUnavailable(`block ${number} is not kept here`)
    if (mayFit(header)) logs.push(...(await logsOfBlock(execution, header, filter)))
    if (logs.length > limits.logResults)
      throw rpcError(
        'LIMIT_EXCEEDED',
        `query returned more than ${limits.logResults} results. Try with a smaller block range: ${from} to ${number} is too much`,
      )
  }
  return logs
}

function checkRange(from: bigint, to: bigint, head: bigint, { logBlocks }: LogQueryLimits) {
  if (from > to) throw invalidParams('invalid block range params')
  if (to > head) throw invalidParams('block range extends beyond current head block')
  if (to - from >= BigInt(logBlocks))
    throw invalidParams(
      `block range too wide: ${to - from + 1n} blocks, at most ${logBlocks} at once`,
    )
}

async function numberOf(execution: Execution, reference: BlockReference): Promise<bigint> {
  if (reference.by === 'number') return reference.number
  const header = await findHeader(execution, reference)
  if (!header) throw serverError('unknown block')
  return header.number
}

async function logsOfBlock(execution: Execution, header: Header, filter: LogFilter) {
  return matchingLogs(header, await requireReceipts(execution, header), filter)
}
