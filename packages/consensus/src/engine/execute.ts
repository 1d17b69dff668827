import type { ExecutionLayer, PayloadStatus } from '@quoin/engine'
import { CodedError } from '@quoin/kernel'
import type { ConsensusBlock } from '../block.ts'
import type { BlockStore } from '../storage/block-store.ts'
import { forkchoiceOf } from './build-block.ts'
import type { ChainRules } from './chain-rules.ts'
import { type Clock, sleepUntil } from './clock.ts'

/** Execution may be starting or catching up: it is asked again, ever more slowly, for so long. */
const patienceMs = 60_000
const firstPauseMs = 100
const longestPauseMs = 5000

export interface ExecutionContext {
  execution: ExecutionLayer
  clock: Clock
  signal: AbortSignal
}

/**
 * Runs a block's payload without making it the head; false when execution finds it invalid.
 * @throws CodedError `EXECUTION_FAILED` when it gives no verdict for a minute.
 */
export async function executeBlock(
  { header, payload, executionRequests }: ConsensusBlock,
  context: ExecutionContext,
): Promise<boolean> {
  const status = await askUntilReady(`block ${header.height}`, context, () =>
    context.execution.newPayload(payload, [], header.parentId, executionRequests),
  )
  return status === 'VALID'
}

/** Makes an executed block execution's head, durably. @throws CodedError `EXECUTION_FAILED` */
export async function finalizeBlock(
  { header }: ConsensusBlock,
  context: ExecutionContext,
): Promise<void> {
  const status = await askUntilReady(`head ${header.height}`, context, async () => {
    const updated = await context.execution.forkchoiceUpdated(forkchoiceOf(header.payloadHash))
    return updated.payloadStatus
  })
  if (status !== 'VALID')
    throw new CodedError(
      'EXECUTION_FAILED',
      `Execution does not take block ${header.height} as its head: ${status}`,
    )
}

async function askUntilReady(
  what: string,
  { clock, signal }: ExecutionContext,
  ask: () => Promise<PayloadStatus>,
): Promise<'VALID' | 'INVALID'> {
  const untilMs = clock.now() + patienceMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const { status } = await ask()
    if (status === 'VALID' || status === 'INVALID') return status
    if (clock.now() + pauseMs > untilMs)
      throw new CodedError(
        'EXECUTION_FAILED',
        `Execution answers ${status} to ${what}, for a minute: it lacks the block before`,
      )
    await sleepUntil(clock.now() + pauseMs, clock, signal)
  }
}

/**
 * Brings execution to the last decided block: after a crash between the store and execution, or on
 * an execution folder that was restored from an older copy. Gives the number of blocks replayed.
 * @throws CodedError `EXECUTION_MISMATCH` when execution is of another chain or ahead of the store.
 */
export async function catchUpExecution(
  store: BlockStore,
  rules: ChainRules,
  context: ExecutionContext,
): Promise<number> {
  const { execution } = context
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
    if (!(await executeBlock(decided.block, context)))
      throw mismatch(`it finds the decided block ${height} invalid`)
    await finalizeBlock(decided.block, context)
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
