import type { ExecutionLayer } from '@quoin/engine'
import { CodedError } from '@quoin/kernel'
import type { PowErrorCode } from '../errors.ts'
import type { PowRules } from '../rules.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import { executeLink, forkchoiceOf, setExecutionHead, stride } from './execute.ts'

/**
 * Brings execution to the store's head: after a crash between the two, or on an execution folder that
 * was restored from an older copy. Gives the number of blocks executed.
 * @throws CodedError `EXECUTION_MISMATCH` when execution's head is not a block of ours.
 */
export async function catchUpExecution(
  tree: BlockTree,
  execution: ExecutionLayer,
  rules: PowRules,
): Promise<number> {
  const head = await execution.head()
  if (head.genesisHash !== rules.executionGenesis)
    throw mismatch(`its genesis is ${head.genesisHash}, not ${rules.executionGenesis}`)
  let fork = tree.byPayload(head.hash)
  if (!fork) throw mismatch(`its block ${Number(head.number)}, ${head.hash}, is not in the store`)
  while (!tree.isCanonical(fork)) {
    const parent = tree.link(fork.parentId)
    if (!parent) throw mismatch(`its branch at height ${fork.height} leads nowhere`)
    fork = parent
  }
  for (let height = fork.height + 1; height <= tree.head.height; height++) {
    const link = tree.canonicalAt(height)
    if (!link) throw mismatch(`the block ${height} is missing in the store`)
    const reason = await executeLink(link, tree, execution)
    if (reason !== null) throw mismatch(`it finds block ${height} invalid: ${reason}`)
    if (height % stride === 0 && height < tree.head.height)
      await setExecutionHead(forkchoiceOf(link, tree), execution)
  }
  if (fork.height < tree.head.height)
    await setExecutionHead(forkchoiceOf(tree.head, tree), execution)
  return tree.head.height - fork.height
}

function mismatch(why: string): CodedError<PowErrorCode> {
  return new CodedError(
    'EXECUTION_MISMATCH',
    `Execution and proof of work do not belong together: ${why}. Restore both folders from one copy`,
  )
}
