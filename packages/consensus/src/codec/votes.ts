import { hexItem, numberItem, type RlpItem, toHex, toList, toNumber } from '@quoin/headers'
import { CodedError } from '@quoin/kernel'
import type { Proposal, Vote } from '../core/messages.ts'

const voteKinds: readonly Vote['kind'][] = ['prevote', 'precommit']

export function voteToRlp({
  kind,
  height,
  round,
  id,
  validRound,
  validator,
  signature,
}: Vote): RlpItem {
  return [
    numberItem(voteKinds.indexOf(kind)),
    numberItem(height),
    numberItem(round),
    hexItem(id ?? '0x'),
    numberItem(validRound + 1),
    hexItem(validator),
    hexItem(signature),
  ]
}

export function rlpToVote(item: RlpItem | undefined): Vote {
  const [kind, height, round, id, validRound, validator, signature] = toList(item, 'vote', 7)
  const isNil = id instanceof Uint8Array && id.length === 0
  return {
    kind: voteKinds[toNumber(kind, 'kind')] ?? invalidKind(),
    height: toNumber(height, 'height'),
    round: toRound(round),
    id: isNil ? null : toHex(id, 'id', 32),
    validRound: toRound(validRound) - 1,
    validator: toHex(validator, 'validator', 20),
    signature: toHex(signature, 'signature', 65),
  }
}

export function proposalToRlp(proposal: Proposal): RlpItem {
  return [
    numberItem(proposal.height),
    numberItem(proposal.round),
    hexItem(proposal.id),
    numberItem(proposal.validRound + 1),
    hexItem(proposal.proposer),
    hexItem(proposal.signature),
    proposal.proofOfLock.map(voteToRlp),
  ]
}

export function rlpToProposal(item: RlpItem | undefined): Proposal {
  const items = toList(item, 'proposal', 7)
  return {
    kind: 'proposal',
    height: toNumber(items[0], 'height'),
    round: toRound(items[1]),
    id: toHex(items[2], 'id', 32),
    validRound: toRound(items[3]) - 1,
    proposer: toHex(items[4], 'proposer', 20),
    signature: toHex(items[5], 'signature', 65),
    proofOfLock: toList(items[6], 'proof of lock').map(rlpToVote),
  }
}

/** Rounds are signed as 32-bit numbers. */
function toRound(item: RlpItem | undefined): number {
  const round = toNumber(item, 'round')
  if (round >= 2 ** 32 - 1) throw new CodedError('INVALID_ENCODING', 'A round has 32 bits')
  return round
}

function invalidKind(): never {
  throw new CodedError('INVALID_ENCODING', 'Unknown kind of vote')
}
