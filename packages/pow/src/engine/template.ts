import type { ExecutionLayer, PayloadEnvelope } from '@quoin/engine'
import { bigintToHex, CodedError, type Hex } from '@quoin/kernel'
import { bodyHash, type PowBlock } from '../block.ts'
import { withdrawalsAt } from '../check-block.ts'
import type { PowErrorCode } from '../errors.ts'
import { type PowHeader, randaoOn, sealHeader } from '../header.ts'
import type { Court } from '../judgement.ts'
import type { BlockTree } from '../tree/block-tree.ts'
import { earliestTimeMs, type Link } from '../tree/link.ts'
import { forkchoiceOf } from './execute.ts'

/** A block without its nonce. */
export interface Template {
  parent: Link
  header: PowHeader
  payload: PayloadEnvelope['executionPayload']
  executionRequests: Hex[]
}

export interface TemplateParts extends Court {
  tree: BlockTree
  execution: ExecutionLayer
  miner: Hex
}

/**
 * Begins a payload on the tree's head with what execution's pool has; gives what builds it. To be called
 * where heads are moved and not beside it: it names a head to execution.
 */
export async function beginTemplate(
  nowMs: number,
  { tree, rules, judgement, execution, miner }: TemplateParts,
): Promise<() => Promise<Template>> {
  const parent = tree.head
  const height = parent.height + 1
  const timeMs = Math.max(nowMs, earliestTimeMs(parent, rules))
  const started = await execution.forkchoiceUpdated(forkchoiceOf(parent, tree), {
    timestamp: bigintToHex(Math.floor(timeMs / 1000)),
    prevRandao: randaoOn(parent.id),
    suggestedFeeRecipient: miner,
    withdrawals: withdrawalsAt(height, miner, rules),
    parentBeaconBlockRoot: parent.id,
  })
  const { payloadId } = started
  if (payloadId === null)
    throw new CodedError<PowErrorCode>(
      'EXECUTION_FAILED',
      `Execution does not build block ${height}: ${started.payloadStatus.status}`,
    )
  return async () => {
    const { executionPayload: payload, executionRequests } = await execution.getPayload(payloadId)
    const header: PowHeader = {
      chainId: rules.chainId,
      height,
      timeMs,
      parentId: parent.id,
      payloadHash: payload.blockHash,
      bodyHash: bodyHash({ payload, executionRequests }),
      target: judgement.targetAfter(parent, rules),
      miner,
    }
    return { parent, header, payload, executionRequests }
  }
}

/** The same block at a later time; null when that needs another payload. */
export function renewTemplate(template: Template, nowMs: number): Template | null {
  const { header } = template
  const timeMs = Math.max(nowMs, header.timeMs)
  if (Math.floor(timeMs / 1000) !== Math.floor(header.timeMs / 1000)) return null
  return { ...template, header: { ...header, timeMs } }
}

export function sealTemplate(template: Template, nonce: bigint): PowBlock {
  const { header, payload, executionRequests } = template
  return { ...sealHeader(header, nonce), payload, executionRequests }
}
