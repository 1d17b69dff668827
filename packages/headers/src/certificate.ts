import { CodedError, type Hex, hexToBytes } from '@quoin/kernel'
import { recoverAddress } from '@quoin/keys/hash'
import { hexItem, numberItem, type RlpItem, toHex, toList, toNumber } from './rlp.ts'
import { ballotDigest, type SigningDomain } from './signing.ts'
import { isQuorum, type ValidatorSet } from './validator-set.ts'
import type { Commit } from './votes.ts'

/**
 * Proof that a block was decided: precommits of more than two thirds of the power, in one round.
 * Signatures are ordered by ascending signer, so a contract finds duplicates by comparing neighbours.
 */
export interface Certificate {
  height: number
  round: number
  id: Hex
  /** r ‖ s ‖ v, 65 bytes each, over `ballotDigest` of the precommit. */
  signatures: Hex[]
}

export function commitToCertificate({ height, round, id, precommits }: Commit): Certificate {
  const signatures = [...precommits]
    .sort((a, b) => (a.validator < b.validator ? -1 : 1))
    .map((vote) => vote.signature)
  return { height, round, id, signatures }
}

/** Who made a signature over a digest: `recoverAddress`, or the same with a memory. */
export type Recover = (digest: Uint8Array, signature: Uint8Array) => Hex

/** The precommits that a certificate stands for. @throws CodedError as `verifyCertificate` */
export function certificateToCommit(
  certificate: Certificate,
  validators: ValidatorSet,
  domain: SigningDomain,
  recover: Recover = recoverAddress,
): Commit {
  const { height, round, id } = certificate
  const ballot = { kind: 'precommit', height, round, id, validRound: -1 } as const
  const digest = ballotDigest(ballot, domain)
  let previous = ''
  const precommits = certificate.signatures.map((signature) => {
    const validator = recover(digest, hexToBytes(signature))
    if (validator <= previous) throw invalid(certificate, 'its signers are not in ascending order')
    if (validators.powerOf(validator) === 0n)
      throw invalid(certificate, `${validator} is not a validator`)
    previous = validator
    return { ...ballot, validator, signature }
  })
  return { height, round, id, precommits }
}

/**
 * The voting power behind a certificate.
 * @throws CodedError `INVALID_CERTIFICATE` when a signer is unknown or doubled, or when they are no
 * quorum; `INVALID_SIGNATURE` when a signature has no key.
 */
export function verifyCertificate(
  certificate: Certificate,
  validators: ValidatorSet,
  domain: SigningDomain,
  recover: Recover = recoverAddress,
): bigint {
  const { precommits } = certificateToCommit(certificate, validators, domain, recover)
  const power = precommits.reduce((sum, vote) => sum + validators.powerOf(vote.validator), 0n)
  if (!isQuorum(validators, power))
    throw invalid(certificate, `${power} of ${validators.totalPower} is not more than two thirds`)
  return power
}

export function certificateToRlp({ height, round, id, signatures }: Certificate): RlpItem[] {
  return [numberItem(height), numberItem(round), hexItem(id), signatures.map(hexItem)]
}

export function rlpToCertificate(item: RlpItem | undefined): Certificate {
  const [height, round, id, signatures] = toList(item, 'certificate', 4)
  return {
    height: toNumber(height, 'certificate height'),
    round: toNumber(round, 'certificate round'),
    id: toHex(id, 'certificate id', 32),
    signatures: toList(signatures, 'signatures').map((bytes) => toHex(bytes, 'signature', 65)),
  }
}

function invalid({ height, id }: Certificate, why: string): CodedError<'INVALID_CERTIFICATE'> {
  return new CodedError('INVALID_CERTIFICATE', `Certificate of ${id} at height ${height}: ${why}`)
}
