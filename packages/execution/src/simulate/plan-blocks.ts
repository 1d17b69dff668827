import { CodedError } from '@quoin/kernel'
import type { Header } from '../interface.ts'
import type { SimulatedBlockRequest, SimulationErrorCode } from './simulation.ts'

export interface PlannedBlock extends SimulatedBlockRequest {
  number: bigint
  timestamp: bigint
}

const maxBlocks = 256n
const secondsPerBlock = 12n

/**
 * Gives every block its number and time, and fills gaps in the numbers with empty blocks.
 * @throws CodedError BLOCK_NUMBER_ORDER, BLOCK_TIME_ORDER, TOO_MANY_BLOCKS
 */
export function planBlocks(
  requests: readonly SimulatedBlockRequest[],
  base: Pick<Header, 'number' | 'timestamp'>,
): PlannedBlock[] {
  const planned: PlannedBlock[] = []
  let { number, timestamp } = base
  for (const request of requests) {
    const next = request.overrides.number ?? number + 1n
    if (next <= number)
      throw failure('BLOCK_NUMBER_ORDER', `block numbers must be in order: ${next} <= ${number}`)
    if (next - base.number > maxBlocks) throw failure('TOO_MANY_BLOCKS', 'too many blocks')
    while (++number < next) {
      timestamp += secondsPerBlock
      planned.push({ overrides: {}, stateOverrides: {}, calls: [], number, timestamp })
    }
    const time = request.overrides.timestamp ?? timestamp + secondsPerBlock
    if (time <= timestamp)
      throw failure(
        'BLOCK_TIME_ORDER',
        `block timestamps must be in order: ${time} <= ${timestamp}`,
      )
    timestamp = time
    planned.push({ ...request, number, timestamp })
  }
  return planned
}

function failure(code: SimulationErrorCode, message: string) {
  return new CodedError<SimulationErrorCode>(code, message)
}
