import {
  certificateToCommit,
  isHonestShare,
  isQuorum,
  type SigningDomain,
  type ValidatorSet,
} from '@quoin/headers'
import { CodedError, type Hex } from '@quoin/kernel'
import { lightError } from '../errors.ts'
import type { LightBlock } from './light-block.ts'

/** A height that is believed: what the next ones are judged by. */
export interface TrustedPoint {
  height: number
  id: Hex
  timeMs: number
  /** Hash of the execution block. */
  payloadHash: Hex
  validators: ValidatorSet
  nextValidatorsHash: Hex
  /** Null for the genesis. */
  block: LightBlock | null
}

export interface HeaderRules {
  domain: SigningDomain
  trustingPeriodMs: number
  maxClockDriftMs: number
  nowMs: number
  /** `signersOf`, or the same with a memory. */
  signersOf(block: LightBlock): Hex[]
}

/** `unproven`: a nearer header has to be proven first. */
export type Judgement = 'proven' | 'unproven'

/**
 * Whether a trusted point proves a later block. Pure.
 *
 * The next height is proven by more than two thirds of the set that the trusted header names. A later height
 * is proven when more than one third of the trusted point's own set is among its signers, besides the two
 * thirds of the set that it names itself: while less than a third of the trusted set is dishonest, one of the
 * signers is honest, and an honest validator signs only a block that is valid on the chain, its set's hash
 * included; so that set is the true one, and its two thirds decided the block. (Light client of Tendermint,
 * arXiv:2010.07031, with the trust level of one third: the least that leaves an honest signer.)
 * @throws CodedError `HEADER_UNPROVEN` when it cannot be right whatever is in between, `TRUST_EXPIRED`
 */
export function judgeHeader(
  trusted: TrustedPoint,
  block: LightBlock,
  rules: HeaderRules,
): Judgement {
  const { header } = block
  if (header.chainId !== rules.domain.chainId)
    throw unproven(block, 'chain', `it is of chain ${header.chainId}`)
  if (header.height <= trusted.height)
    throw unproven(block, 'height', `it does not come after the trusted height ${trusted.height}`)
  checkTimes(trusted, block, rules)
  const isNext = header.height === trusted.height + 1
  if (isNext && header.parentId !== trusted.id)
    throw unproven(block, 'parent', 'its parent is not the trusted block below it')
  if (isNext && header.validatorsHash !== trusted.nextValidatorsHash)
    throw unproven(
      block,
      'validators',
      'its validators are not those that the block below it names',
    )
  if (!isNext && !isKnown(trusted, addressesOf(block))) return 'unproven'
  const signers = rules.signersOf(block)
  return isNext || isKnown(trusted, signers) ? 'proven' : 'unproven'
}

/** Whether an honest one of the trusted set is among them. First asked of the whole set: that costs no signature. */
function isKnown({ validators }: TrustedPoint, among: readonly Hex[]): boolean {
  const power = among.reduce((sum, address) => sum + validators.powerOf(address), 0n)
  return isHonestShare(validators, power)
}

function addressesOf({ validators }: LightBlock): Hex[] {
  return validators.validators.map(({ address }) => address)
}

/**
 * Who signed a block's certificate: a quorum of the set that its header names.
 * @throws CodedError `HEADER_UNPROVEN`
 */
export function signersOf(block: LightBlock, domain: SigningDomain): Hex[] {
  const { certificate, validators } = block
  try {
    const { precommits } = certificateToCommit(certificate, validators, domain)
    const signers = precommits.map(({ validator }) => validator)
    const power = signers.reduce((sum, signer) => sum + validators.powerOf(signer), 0n)
    if (isQuorum(validators, power)) return signers
    const of = validators.totalPower
    throw unproven(block, 'quorum', `${power} of ${of} signed it, not more than two thirds`)
  } catch (cause) {
    if (cause instanceof CodedError && cause.code === 'HEADER_UNPROVEN') throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw unproven(block, 'signatures', why, cause)
  }
}

/** @throws CodedError `TRUST_EXPIRED` */
export function checkTrust(
  trusted: TrustedPoint,
  { nowMs, trustingPeriodMs }: Pick<HeaderRules, 'nowMs' | 'trustingPeriodMs'>,
): void {
  const ageMs = nowMs - trusted.timeMs
  if (ageMs <= trustingPeriodMs) return
  throw lightError(
    'TRUST_EXPIRED',
    `The newest block that is trusted (height ${trusted.height}) is ${inWords(ageMs)} old, the trusting period ${inWords(trustingPeriodMs)}: validators of that time may have left and could sign another history. Get the height and id of a recent block from somebody you trust, and give it as a new checkpoint`,
    { detail: { height: trusted.height, ageMs, trustingPeriodMs } },
  )
}

/** Chains that are tried out free stake within minutes. */
function inWords(ms: number): string {
  const hours = ms / 3_600_000
  if (hours >= 48) return `${(hours / 24).toFixed(1)} days`
  return hours >= 2 ? `${hours.toFixed(1)} hours` : `${Math.round(ms / 1000)} s`
}

function checkTimes(trusted: TrustedPoint, block: LightBlock, rules: HeaderRules): void {
  const { timeMs } = block.header
  checkTrust(trusted, rules)
  // Each block is at least a millisecond after the one before, so nobody can name a height that is years away.
  if (timeMs - trusted.timeMs < block.header.height - trusted.height)
    throw unproven(block, 'time', `its time is too near to that of height ${trusted.height}`)
  const aheadMs = timeMs - rules.nowMs
  if (aheadMs > rules.maxClockDriftMs)
    throw unproven(
      block,
      'future',
      `its time is ${aheadMs} ms ahead of this clock, more than ${rules.maxClockDriftMs} ms: is the clock right?`,
    )
}

function unproven({ header, id }: LightBlock, reason: string, why: string, cause?: unknown) {
  const { height } = header
  return lightError('HEADER_UNPROVEN', `Block ${id} at height ${height} is not proven: ${why}`, {
    detail: { height, id, reason },
    cause,
  })
}

export function blockToPoint(block: LightBlock): TrustedPoint {
  const { height, timeMs, payloadHash, nextValidatorsHash } = block.header
  const { id, validators } = block
  return { height, id, timeMs, payloadHash, validators, nextValidatorsHash, block }
}
