import type { ExecutionLayer } from '@quoin/engine'
import { commitHash, randaoDigest, randaoOf, requestsHash } from '@quoin/headers'
import { bigintToHex, CodedError, type Hex } from '@quoin/kernel'
import type { ConsensusBlock } from '../block.ts'
import { type ChainRules, earliestTimeMs, type Parent, setHashes } from './chain-rules.ts'
import type { Signer } from './signer.ts'

export interface BuildOptions {
  parent: Parent
  round: number
  nowMs: number
  rules: ChainRules
  signer: Signer
  feeRecipient: Hex
  execution: ExecutionLayer
}

/** A block on `parent` with what execution's pool has now. @throws CodedError `EXECUTION_FAILED` */
export async function buildBlock(options: BuildOptions): Promise<ConsensusBlock> {
  const { parent, round, nowMs, rules, signer, feeRecipient, execution } = options
  const height = parent.height + 1
  const timeMs = Math.max(nowMs, earliestTimeMs(parent, rules))
  const randaoReveal = await signer.reveal(randaoDigest(height, rules.domain))
  const started = await execution.forkchoiceUpdated(forkchoiceOf(parent.payloadHash), {
    timestamp: bigintToHex(Math.floor(timeMs / 1000)),
    prevRandao: randaoOf(parent.randao, randaoReveal),
    suggestedFeeRecipient: feeRecipient,
    withdrawals: [],
    parentBeaconBlockRoot: parent.id,
  })
  if (started.payloadId === null)
    throw new CodedError(
      'EXECUTION_FAILED',
      `Execution does not build block ${height}: ${started.payloadStatus.status}`,
    )
  const { executionPayload, executionRequests } = await execution.getPayload(started.payloadId)
  const lastCommit = parent.decided?.certificate ?? null
  return {
    header: {
      chainId: rules.domain.chainId,
      height,
      round,
      timeMs,
      parentId: parent.id,
      payloadHash: executionPayload.blockHash,
      requestsHash: requestsHash(executionRequests),
      ...setHashes(rules, height),
      lastCommitHash: commitHash(lastCommit),
      proposer: signer.address,
      randaoReveal,
    },
    payload: executionPayload,
    executionRequests,
    lastCommit,
  }
}

/** Everything decided is final, so the three heads are one. */
export function forkchoiceOf(head: Hex) {
  return { headBlockHash: head, safeBlockHash: head, finalizedBlockHash: head }
}
