import type { ExecutionLayer } from '@quoin/engine'
import { CodedError } from '@quoin/kernel'
import type { ConsensusBlock } from '../block.ts'
import type { BlockStore } from '../storage/block-store.ts'
import { forkchoiceOf } from './build-block.ts'
import type { ChainRules } from './chain-rules.ts'

/** Runs a block's payload without making it the head; false when execution finds it invalid. */
export async function executeBlock(
  { header, payload, executionRequests }: ConsensusBlock,
  execution: ExecutionLayer,
): Promise<boolean> {
  const { status } = await execution.newPayload(payload, [], header.parentId, executionRequests)
  if (status === 'VALID' || status === 'INVALID') return status === 'VALID'
  throw new CodedError(
    'EXECUTION_FAILED',
    `Execution answers ${status} to block ${header.height}: it lacks the block before`,
  )
}

/** Makes an executed block execution's head, durably. @throws CodedError `EXECUTION_FAILED` */
export async function finalizeBlock(
  { header }: ConsensusBlock,
  execution: ExecutionLayer,
): Promise<void> {
  const { payloadStatus } = await execution.forkchoiceUpdated(forkchoiceOf(header.payloadHash))
  if (payloadStatus.status !== 'VALID')
    throw new CodedError(
      'EXECUTION_FAILED',
      `Execution does not take block ${header.height} as its head: ${payloadStatus.status}`,
    )
}

/**
 * Brings execution to the last decided block: after a crash between the store and execution, or on
 * an execution folder that was restored from an older copy. Gives the number of blocks replayed.
 * @throws CodedError `EXECUTION_MISMATCH` when execution is of another chain or ahead of the store.
 */
export async function catchUpExecution(
  store: BlockStore,
  execution: ExecutionLayer,
  rules: ChainRules,
): Promise<number> {
  const head = await execution.head()
  const number = Number(head.number)
  if (head.genesisHash !== rules.executionGenesis)
    throw mismatch(`its genesis is ${head.genesisHash}, not ${rules.executionGenesis}`)
  if (number > store.height)
    throw mismatch(`it is at block ${number}, but only ${store.height} blocks were decided`)
  const known =
    number === 0 ? head.genesisHash : (await store.byHeight(number))?.block.payload.blockHash
  if (known !== head.hash)
    throw mismatch(`its block ${number} is ${head.hash}, decided was ${known}`)
  const last = await store.byHeight(number)
  if (last) await rules.advance(last)
  for (let height = number + 1; height <= store.height; height++) {
    const decided = await store.byHeight(height)
    if (!decided) throw mismatch(`the decided block ${height} is missing`)
    if (!(await executeBlock(decided.block, execution)))
      throw mismatch(`it finds the decided block ${height} invalid`)
    await finalizeBlock(decided.block, execution)
    await rules.advance(decided)
  }
  return store.height - number
}

function mismatch(why: string): CodedError<'EXECUTION_MISMATCH'> {
  return new CodedError(
    'EXECUTION_MISMATCH',
    `Execution and consensus do not belong together: ${why}. Restore both folders from one copy`,
  )
}
