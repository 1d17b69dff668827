import { decodeRlp, encodeRlp, numberItem, toList, toNumber } from '@quoin/headers'
import { CodedError } from '@quoin/kernel'
import type { Evidence } from '../core/messages.ts'
import { proposalToRlp, rlpToProposal, rlpToVote, voteToRlp } from './votes.ts'

const kinds = ['duplicate-vote', 'duplicate-proposal', 'amnesia'] as const

export function encodeEvidence(evidence: Evidence): Uint8Array {
  const kind = numberItem(kinds.indexOf(evidence.kind))
  switch (evidence.kind) {
    case 'duplicate-vote':
      return encodeRlp([kind, voteToRlp(evidence.first), voteToRlp(evidence.second)])
    case 'duplicate-proposal':
      return encodeRlp([kind, proposalToRlp(evidence.first), proposalToRlp(evidence.second)])
    case 'amnesia':
      return encodeRlp([kind, voteToRlp(evidence.precommit), voteToRlp(evidence.prevote)])
  }
}

/** @throws CodedError `INVALID_ENCODING` */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  const [tag, first, second] = toList(decodeRlp(bytes), 'evidence', 3)
  const kind = kinds[toNumber(tag, 'kind of evidence')]
  switch (kind) {
    case 'duplicate-vote':
      return { kind, first: rlpToVote(first), second: rlpToVote(second) }
    case 'duplicate-proposal':
      return { kind, first: rlpToProposal(first), second: rlpToProposal(second) }
    case 'amnesia':
      return { kind, precommit: rlpToVote(first), prevote: rlpToVote(second) }
    default:
      throw new CodedError('INVALID_ENCODING', 'Unknown kind of evidence')
  }
}
