import {
  pickProposer,
  type Recover,
  randaoDigest,
  randaoOf,
  verifyCertificate,
} from '@quoin/headers'
import { CodedError, canonicalJson } from '@quoin/kernel'
import { verifyBls } from '@quoin/keys'
import { type ConsensusBlock, isWhole } from '../block.ts'
import { absentAt, addPresence } from './absence.ts'
import { type ChainRules, earliestTimeMs, type Parent, rewardOf, setHashes } from './chain-rules.ts'

/** How far a proposer's clock may be ahead of ours. */
export const maxDriftMs = 1000

export interface CheckContext {
  parent: Parent
  rules: ChainRules
  /** Null leaves out whether the block is from our future, which is no property of the block. */
  nowMs: number | null
  /** A quorum has decided it: its randomness was verified by others. */
  isCertified?: boolean
  recover?: Recover
  verifyBls?: typeof verifyBls
}

/**
 * All rules of a block except what its transactions do: that is for execution to say.
 * @throws CodedError `INVALID_BLOCK`, `INVALID_CERTIFICATE`, `INVALID_SIGNATURE`
 */
export function checkBlock(block: ConsensusBlock, context: CheckContext): void {
  const { parent, rules, nowMs } = context
  const { header, payload } = block
  const { domain } = rules
  const require = (holds: boolean, what: string) => {
    if (!holds) throw invalid(block, what)
  }
  require(header.chainId === domain.chainId, 'it is of another chain')
  require(header.height === parent.height + 1, `it does not follow height ${parent.height}`)
  require(header.parentId === parent.id, 'its parent is not the block we decided')
  require(header.timeMs >= earliestTimeMs(parent, rules), 'its time is not after its parent')
  require(nowMs === null || isTimely(block, nowMs), 'its time is in the future')
  const sets = setHashes(rules, header.height)
  require(header.validatorsHash === sets.validatorsHash, 'it names other validators')
  require(header.nextValidatorsHash === sets.nextValidatorsHash, 'it names other next validators')
  const validators = rules.validatorsAt(header.height)
  const proposer = pickProposer(validators, parent.randao, header.height, header.round)
  require(header.proposer === proposer, `it was not the turn of ${header.proposer}`)
  checkRandao(block, context)
  require(isWhole(block), 'its body is not what its header names')
  checkLastCommit(block, context)
  require(payload.parentHash === parent.payloadHash, 'its payload has another parent')
  require(BigInt(payload.blockNumber) === BigInt(header.height), 'its payload has another number')
  const seconds = BigInt(Math.floor(header.timeMs / 1000))
  require(BigInt(payload.timestamp) === seconds, 'its payload has another time')
  checkReward(block, rules)
}

function checkReward(block: ConsensusBlock, rules: ChainRules): void {
  const { header, payload } = block
  const recipient = rules.rewardAddressOf(header.proposer)
  if (recipient !== null && payload.feeRecipient !== recipient)
    throw invalid(block, `its fees go to ${payload.feeRecipient}, not to ${recipient}`)
  const expected = rewardOf(rules, header.height, header.proposer)
  if (canonicalJson(payload.withdrawals) !== canonicalJson(expected))
    throw invalid(block, "its withdrawals are not its proposer's reward")
}

/** Whether a block is not from our future. */
export function isTimely({ header }: ConsensusBlock, nowMs: number, driftMs = maxDriftMs): boolean {
  return header.timeMs <= nowMs + driftMs
}

function checkRandao(
  { header, payload }: ConsensusBlock,
  { parent, rules, isCertified = false, verifyBls: verify = verifyBls }: CheckContext,
): void {
  const { height, randaoReveal } = header
  const proposer = rules.validatorsAt(height).memberOf(header.proposer)
  const isSigned = () =>
    proposer !== null &&
    verify(randaoDigest(height, rules.domain), proposer.blsPublicKey, randaoReveal)
  if (payload.prevRandao !== randaoOf(parent.randao, randaoReveal) || !(isCertified || isSigned()))
    throw new CodedError('INVALID_BLOCK', `Block ${height}: its randomness is not its proposer's`)
}

function checkLastCommit(block: ConsensusBlock, { parent, rules, recover }: CheckContext): void {
  const { header, lastCommit } = block
  if (parent.height === 0) {
    if (lastCommit) throw invalid(block, 'nothing was decided before height 1')
  } else {
    if (lastCommit?.height !== parent.height || lastCommit.id !== parent.id)
      throw invalid(block, 'it does not carry the certificate of its parent')
    verifyCertificate(lastCommit, rules.validatorsAt(parent.height), rules.domain, recover)
  }
  const presence = addPresence(parent.presence, block, rules, recover)
  if (absentAt(header.height, presence, rules).join() !== header.absent.join())
    throw invalid(block, 'it does not name exactly those who were absent')
}

function invalid({ header }: ConsensusBlock, what: string): CodedError<'INVALID_BLOCK'> {
  return new CodedError('INVALID_BLOCK', `Block ${header.height} is invalid: ${what}`)
}
