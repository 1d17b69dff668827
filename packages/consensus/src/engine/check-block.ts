import {
  commitHash,
  pickProposer,
  randaoDigest,
  randaoOf,
  requestsHash,
  verifyCertificate,
} from '@quoin/headers'
import { CodedError } from '@quoin/kernel'
import { verifyBls } from '@quoin/keys'
import type { ConsensusBlock } from '../block.ts'
import { type ChainRules, earliestTimeMs, type Parent, setHashes } from './chain-rules.ts'

/** How far a proposer's clock may be ahead of ours. */
const maxDriftMs = 1000

/**
 * All rules of a block except what its transactions do: that is for execution to say.
 * @throws CodedError `INVALID_BLOCK`, `INVALID_CERTIFICATE`, `INVALID_SIGNATURE`
 */
export function checkBlock(
  block: ConsensusBlock,
  { parent, rules, nowMs }: { parent: Parent; rules: ChainRules; nowMs: number },
): void {
  const { header, payload, executionRequests, lastCommit } = block
  const { domain } = rules
  const require = (holds: boolean, what: string) => {
    if (!holds) throw invalid(block, what)
  }
  require(header.chainId === domain.chainId, 'it is of another chain')
  require(header.height === parent.height + 1, `it does not follow height ${parent.height}`)
  require(header.parentId === parent.id, 'its parent is not the block we decided')
  require(header.timeMs >= earliestTimeMs(parent, rules), 'its time is not after its parent')
  require(header.timeMs <= nowMs + maxDriftMs, 'its time is in the future')
  const sets = setHashes(rules, header.height)
  require(header.validatorsHash === sets.validatorsHash, 'it names other validators')
  require(header.nextValidatorsHash === sets.nextValidatorsHash, 'it names other next validators')
  const validators = rules.validatorsAt(header.height)
  const proposer = pickProposer(validators, parent.randao, header.height, header.round)
  require(header.proposer === proposer, `it was not the turn of ${header.proposer}`)
  checkRandao(block, parent, rules)
  require(header.lastCommitHash ===
    commitHash(lastCommit), 'its certificate is not the one it names')
  checkLastCommit(block, parent, rules)
  require(header.payloadHash === payload.blockHash, 'its payload is not the one it names')
  require(header.requestsHash === requestsHash(executionRequests), 'its requests are not its own')
  require(payload.parentHash === parent.payloadHash, 'its payload has another parent')
  require(BigInt(payload.blockNumber) === BigInt(header.height), 'its payload has another number')
  const seconds = BigInt(Math.floor(header.timeMs / 1000))
  require(BigInt(payload.timestamp) === seconds, 'its payload has another time')
  require(payload.withdrawals.length === 0, 'its payload has withdrawals')
}

function checkRandao({ header, payload }: ConsensusBlock, parent: Parent, rules: ChainRules): void {
  const digest = randaoDigest(header.height, rules.domain)
  const proposer = rules.validatorsAt(header.height).memberOf(header.proposer)
  if (
    !proposer ||
    payload.prevRandao !== randaoOf(parent.randao, header.randaoReveal) ||
    !verifyBls(digest, proposer.blsPublicKey, header.randaoReveal)
  )
    throw new CodedError(
      'INVALID_BLOCK',
      `Block ${header.height}: its randomness is not its proposer's`,
    )
}

function checkLastCommit(block: ConsensusBlock, parent: Parent, rules: ChainRules): void {
  const { lastCommit } = block
  if (parent.height === 0) {
    if (lastCommit) throw invalid(block, 'nothing was decided before height 1')
    return
  }
  if (lastCommit?.height !== parent.height || lastCommit.id !== parent.id)
    throw invalid(block, 'it does not carry the certificate of its parent')
  verifyCertificate(lastCommit, rules.validatorsAt(parent.height), rules.domain)
}

function invalid({ header }: ConsensusBlock, what: string): CodedError<'INVALID_BLOCK'> {
  return new CodedError('INVALID_BLOCK', `Block ${header.height} is invalid: ${what}`)
}
