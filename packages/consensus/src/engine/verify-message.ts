import type { Recover, ValidatorSet } from '@quoin/headers'
import { ballotDigest, blockId, proposalDigest, type SigningDomain } from '@quoin/headers'
import { CodedError, findCause, type Hex, hexToBytes } from '@quoin/kernel'
import { isWhole } from '../block.ts'
import type { Message } from '../codec/messages.ts'
import type { Vote } from '../core/messages.ts'

const zeroId: Hex = `0x${'0'.repeat(64)}`

/** What validators sign. */
export type SignedMessage = Extract<Message, { type: 'vote' | 'proposal' }>

export function senderOf(message: SignedMessage): Hex {
  return message.type === 'vote' ? message.vote.validator : message.proposal.proposer
}

export function heightOf(message: SignedMessage): number {
  return message.type === 'vote' ? message.vote.height : message.proposal.height
}

/** What a message says, without its signature: equal for all copies of one, however they are signed. */
export function contentKey(message: SignedMessage): string {
  const said = message.type === 'vote' ? message.vote : message.proposal
  return `${said.kind}/${said.round}/${said.id}/${said.validRound}`
}

export interface VerifyContext {
  validators: ValidatorSet
  domain: SigningDomain
  recover: Recover
}

/**
 * Whether a message was signed by the validator that it names; for a proposal, also whether its block
 * is the one that it names and every vote of its proof of lock is signed.
 */
export function isAuthentic(
  message: SignedMessage,
  { validators, domain, recover }: VerifyContext,
): boolean {
  if (validators.powerOf(senderOf(message)) === 0n) return false
  if (message.type === 'vote') return isSignedVote(message.vote, { validators, domain, recover })
  const { proposal, block } = message
  return (
    proposal.proofOfLock.length <= validators.validators.length &&
    blockId(block.header) === proposal.id &&
    signerOf(proposalDigest(proposal, domain), proposal.signature, recover) === proposal.proposer &&
    proposal.proofOfLock.every((vote) => isSignedVote(vote, { validators, domain, recover })) &&
    isWhole(block)
  )
}

function isSignedVote(vote: Vote, { validators, domain, recover }: VerifyContext): boolean {
  return (
    isPlain(vote) &&
    validators.powerOf(vote.validator) > 0n &&
    signerOf(ballotDigest(vote, domain), vote.signature, recover) === vote.validator
  )
}

/**
 * A vote says only what its signature covers: that of a precommit leaves validRound out, and nil is signed
 * as the zero id. Else whoever passes a vote on could make a second, different one of it.
 */
function isPlain({ kind, id, validRound }: Vote): boolean {
  return id !== zeroId && (kind === 'prevote' || validRound === -1)
}

function signerOf(digest: Uint8Array, signature: Hex, recover: Recover): Hex | undefined {
  try {
    return recover(digest, hexToBytes(signature))
  } catch (error) {
    if (findCause(error, (cause) => cause instanceof CodedError)) return undefined
    throw error
  }
}
