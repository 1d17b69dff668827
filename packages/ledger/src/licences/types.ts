import type { licencesAbi } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import { type ContractFunctionReturnType, encodeAbiParameters, keccak256, toHex } from 'viem'
import { zeroHash } from '../contracts/registry-types.ts'
import { ledgerError } from '../errors.ts'

/** What a licence may allow, in the order of the contract's bits. */
export const purposes = ['use', 'train', 'download', 'derive'] as const
export type Purpose = (typeof purposes)[number]

/** What an offer grants, and for what. It never changes: other terms are another offer. */
export interface LicenceTerms {
  purposes: readonly Purpose[]
  token: Hex
  /** Atomic units of the token, once, for each `durationSeconds`, or for each use. */
  priceAtomic: bigint
  /** Whether each use is paid and spent by name. */
  isPerUse: boolean
  /** Hundredths of a percent of what anything made of the artifact earns, and of what serving it earns. */
  royaltyBasisPoints: number
  /** How long a right lasts; null: without end. */
  durationSeconds: number | null
  /** How long the buyer's money waits for the content key; null: no key is awaited. */
  keyWithinSeconds: number | null
  isTransferable: boolean
  /** Whether the owner may take the right back, for the unused part of the price. */
  isRevocable: boolean
  /** Whether only accounts that the owner listed may buy. */
  isListed: boolean
  /** Hash of the text for humans; zero where there is none. */
  textHash: Hex
}

export interface LicenceOffer {
  /** Also the id of the rights that it sells. */
  id: Hex
  artifact: Hex
  isOpen: boolean
  terms: LicenceTerms
}

/** What a buyer asks for. */
export interface LicenceOrder {
  offerId: Hex
  holder: Hex
  /** Uses where they are paid one by one, else durations; 1 where a right has no end. */
  quantity: number
  /** The x coordinate of the secp256k1 key, with even y, that the content key is to be sealed to; zero where none is wanted. */
  publicKey: Hex
}

/** What an account holds under an offer. */
export interface LicenceRight {
  offerId: Hex
  holder: Hex
  /** 1, or the uses that are left. */
  balance: bigint
  /** Seconds since 1970; null: without end. */
  expiresAt: number | null
  /** Until then the content key must come, and the right does not count yet; null: it is paid. */
  keyDueAt: number | null
  /** What waits for the key, in atomic units. */
  heldAtomic: bigint
  publicKey: Hex
}

type ChainOffer = ContractFunctionReturnType<typeof licencesAbi, 'view', 'offer'>
type ChainTerms = ChainOffer['terms']
type ChainHolding = ContractFunctionReturnType<typeof licencesAbi, 'view', 'holding'>

const endless = 2 ** 40 - 1

/** An offer's id: it binds the artifact and the version, which counts from 1. */
export function offerIdOf(artifact: Hex, version: bigint): Hex {
  const types = [{ type: 'bytes32' }, { type: 'uint256' }] as const
  return keccak256(encodeAbiParameters(types, [artifact, version]))
}

export function purposeBits(list: readonly Purpose[]): number {
  return list.reduce((bits, purpose) => bits | (1 << purposes.indexOf(purpose)), 0)
}

function purposesOf(bits: number): Purpose[] {
  return purposes.filter((_, index) => (bits >> index) & 1)
}

/** @throws CodedError `INVALID_ORDER` */
export function toChainTerms(terms: LicenceTerms): ChainTerms {
  const { royaltyBasisPoints: royalty, priceAtomic: price } = terms
  if (!Number.isInteger(royalty) || royalty < 0 || royalty > 10_000)
    throw ledgerError('INVALID_ORDER', `A royalty of ${royalty} basis points is not 0 to 10000`)
  if (price < 0n || price >= 2n ** 96n)
    throw ledgerError('INVALID_ORDER', `A price of ${price} atomic units is not 0 to 2^96 − 1`)
  return {
    purposes: purposeBits(terms.purposes),
    perUse: terms.isPerUse,
    transferable: terms.isTransferable,
    revocable: terms.isRevocable,
    listed: terms.isListed,
    royalty,
    duration: terms.durationSeconds ?? 0,
    keyWithin: terms.keyWithinSeconds ?? 0,
    token: terms.token,
    price,
    text: terms.textHash,
  }
}

function toTerms(terms: ChainTerms): LicenceTerms {
  return {
    purposes: purposesOf(terms.purposes),
    token: terms.token,
    priceAtomic: terms.price,
    isPerUse: terms.perUse,
    royaltyBasisPoints: terms.royalty,
    durationSeconds: terms.duration === 0 ? null : terms.duration,
    keyWithinSeconds: terms.keyWithin === 0 ? null : terms.keyWithin,
    isTransferable: terms.transferable,
    isRevocable: terms.revocable,
    isListed: terms.listed,
    textHash: terms.text,
  }
}

/** Null where there is no such offer. */
export function toOffer(id: Hex, { artifact, open, terms }: ChainOffer): LicenceOffer | null {
  return artifact === zeroHash ? null : { id, artifact, isOpen: open, terms: toTerms(terms) }
}

export function toRight(
  { offerId, holder }: Pick<LicenceRight, 'offerId' | 'holder'>,
  balance: bigint,
  { expiresAt, keyDueAt, held, publicKey }: ChainHolding,
): LicenceRight {
  return {
    offerId,
    holder,
    balance,
    expiresAt: expiresAt === endless ? null : expiresAt,
    keyDueAt: keyDueAt === 0 ? null : keyDueAt,
    heldAtomic: held,
    publicKey,
  }
}

export function toChainOrder({ offerId, holder, quantity, publicKey }: LicenceOrder) {
  return { id: BigInt(offerId), holder, quantity, publicKey }
}

export function offerIdFrom(id: bigint): Hex {
  return toHex(id, { size: 32 })
}
