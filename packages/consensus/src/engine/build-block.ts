import type { ExecutionLayer } from '@quoin/engine'
import { type Certificate, commitHash, type Recover, randaoDigest, randaoOf } from '@quoin/headers'
import { bigintToHex, CodedError, type Hex } from '@quoin/kernel'
import { bodyHash, type ConsensusBlock } from '../block.ts'
import { absentAt, addPresence } from './absence.ts'
import { type ChainRules, earliestTimeMs, type Parent, rewardOf, setHashes } from './chain-rules.ts'
import type { Signer } from './signer.ts'

export interface BuildOptions {
  parent: Parent
  round: number
  nowMs: number
  rules: ChainRules
  signer: Signer
  /** Used where the rules leave it free. */
  feeRecipient: Hex
  execution: ExecutionLayer
  /** The parent's certificate with all precommits known by now; the decided one by default. */
  lastCommit?: Certificate | null
  recover?: Recover
}

/** A block on `parent` with what execution's pool has now. @throws CodedError `EXECUTION_FAILED` */
export async function buildBlock(options: BuildOptions): Promise<ConsensusBlock> {
  const { parent, round, nowMs, rules, signer, feeRecipient, execution } = options
  const height = parent.height + 1
  const timeMs = Math.max(Math.floor(nowMs), earliestTimeMs(parent, rules))
  const randaoReveal = await signer.reveal(randaoDigest(height, rules.domain))
  const started = await execution.forkchoiceUpdated(forkchoiceOf(parent.payloadHash), {
    timestamp: bigintToHex(Math.floor(timeMs / 1000)),
    prevRandao: randaoOf(parent.randao, randaoReveal),
    suggestedFeeRecipient: rules.rewardAddressOf(signer.address) ?? feeRecipient,
    withdrawals: rewardOf(rules, height, signer.address),
    parentBeaconBlockRoot: parent.id,
  })
  if (started.payloadId === null)
    throw new CodedError(
      'EXECUTION_FAILED',
      `Execution does not build block ${height}: ${started.payloadStatus.status}`,
    )
  const { executionPayload, executionRequests } = await execution.getPayload(started.payloadId)
  const { lastCommit = parent.decided?.certificate ?? null, recover } = options
  const header = {
    chainId: rules.domain.chainId,
    height,
    round,
    timeMs,
    parentId: parent.id,
    payloadHash: executionPayload.blockHash,
    bodyHash: bodyHash({ payload: executionPayload, executionRequests }),
    ...setHashes(rules, height),
    lastCommitHash: commitHash(lastCommit),
    proposer: signer.address,
    randaoReveal,
    absent: [],
  }
  const presence = addPresence(parent.presence, { header, lastCommit }, rules, recover)
  return {
    header: { ...header, absent: absentAt(height, presence, rules) },
    payload: executionPayload,
    executionRequests,
    lastCommit,
  }
}

/** Everything decided is final, so the three heads are one. */
export function forkchoiceOf(head: Hex) {
  return { headBlockHash: head, safeBlockHash: head, finalizedBlockHash: head }
}
