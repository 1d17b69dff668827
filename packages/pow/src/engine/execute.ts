import type { ExecutionLayer, ForkchoiceState } from '@quoin/engine'
import { CodedError } from '@quoin/kernel'
import type { PowErrorCode } from '../errors.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import type { Link } from '../tree/link.ts'

/** Blocks after which a long way is made durable in execution. */
export const stride = 64

/** Why execution finds a stored block invalid; null when it does not. Its parent must be executed. */
export async function executeLink(
  link: Link,
  tree: BlockTree,
  execution: ExecutionLayer,
): Promise<string | null> {
  const block = tree.block(link.id)
  if (!block)
    throw new CodedError<PowErrorCode>('STORE_CORRUPT', `The store lacks the body of ${link.id}`)
  const status = await execution.newPayload(
    block.payload,
    [],
    link.parentId,
    block.executionRequests,
  )
  if (status.status === 'VALID') return null
  if (status.status === 'INVALID') return status.validationError
  throw new CodedError<PowErrorCode>(
    'EXECUTION_FAILED',
    `Execution answers ${status.status} to block ${link.height}: it lacks the block before`,
  )
}

/** The pointers that go with a head of execution, which may be on its way to the tree's. */
export function forkchoiceOf(head: Link, tree: BlockTree): ForkchoiceState {
  const at = (height: number) =>
    (tree.canonicalAt(Math.min(height, head.height)) ?? tree.genesis).payloadHash
  return {
    headBlockHash: head.payloadHash,
    safeBlockHash: at(tree.safeHeight),
    finalizedBlockHash: at(tree.finalizedHeight),
  }
}

/** Makes an executed block execution's head, durably. @throws CodedError `EXECUTION_FAILED` */
export async function setExecutionHead(
  state: ForkchoiceState,
  execution: ExecutionLayer,
): Promise<void> {
  const { payloadStatus } = await execution.forkchoiceUpdated(state)
  if (payloadStatus.status !== 'VALID')
    throw new CodedError<PowErrorCode>(
      'EXECUTION_FAILED',
      `Execution does not take ${state.headBlockHash} as its head: ${payloadStatus.status}`,
    )
}
