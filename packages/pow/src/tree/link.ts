import { decodeRlp, encodeRlp, numberItem, toBigint, toList, toNumber } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { asertTarget } from '../difficulty/asert.ts'
import { difficultyToTarget, targetToWork } from '../difficulty/work.ts'
import { rlpToSealedHeader, type SealedHeader, sealedHeaderToRlp } from '../header.ts'
import type { PowRules } from '../rules.ts'

/** A header in its place: with what the chain behind it adds up to. */
export interface Link {
  id: Hex
  height: number
  parentId: Hex
  timeMs: number
  payloadHash: Hex
  /** Expected hashes of this block and all before it. */
  totalWork: bigint
  /** Time since the genesis, of which no gap between blocks counts more than one half-life. */
  elapsedMs: number
  /** Null for the genesis. */
  sealed: SealedHeader | null
}

export function genesisLink(rules: PowRules): Link {
  return {
    id: rules.genesisId,
    height: 0,
    parentId: `0x${'0'.repeat(64)}`,
    timeMs: rules.genesisTimeMs,
    payloadHash: rules.executionGenesis,
    totalWork: 0n,
    elapsedMs: 0,
    sealed: null,
  }
}

/** The link that a header makes on its parent. Nothing is checked. */
export function linkOn(parent: Link, sealed: SealedHeader, rules: PowRules): Link {
  const { header, id } = sealed
  const gapMs = Math.min(header.timeMs - parent.timeMs, halfLifeMs(rules))
  return {
    id,
    height: parent.height + 1,
    parentId: parent.id,
    timeMs: header.timeMs,
    payloadHash: header.payloadHash,
    totalWork: parent.totalWork + targetToWork(header.target),
    elapsedMs: parent.elapsedMs + gapMs,
    sealed,
  }
}

/**
 * The target of the block after `parent`: ASERT with the genesis as its anchor. A gap counts at most
 * one half-life, so that a network that was switched off for a night does not find its difficulty at
 * the floor and a night's worth of blocks within minutes.
 */
export function targetAfter(parent: Link, rules: PowRules): bigint {
  const blockTime = BigInt(rules.targetBlockMs)
  return asertTarget(BigInt(parent.elapsedMs) + blockTime, BigInt(parent.height), {
    anchorTarget: difficultyToTarget(rules.initialDifficulty),
    maxTarget: difficultyToTarget(rules.minimumDifficulty),
    blockTime,
    halfLife: BigInt(halfLifeMs(rules)),
  })
}

/** The least time that a child may have. */
export function earliestTimeMs(parent: Link, rules: PowRules): number {
  return rules.equalTimestamps ? parent.timeMs + 1 : (Math.floor(parent.timeMs / 1000) + 1) * 1000
}

function halfLifeMs({ halfLifeBlocks, targetBlockMs }: PowRules): number {
  return halfLifeBlocks * targetBlockMs
}

export function encodeLink(link: Link): Uint8Array {
  const header = link.sealed ? sealedHeaderToRlp(link.sealed) : []
  return encodeRlp([header, numberItem(link.totalWork), numberItem(link.elapsedMs)])
}

/** @throws CodedError `INVALID_ENCODING` */
export function decodeLink(bytes: Uint8Array): Link {
  const [header, totalWork, elapsedMs] = toList(decodeRlp(bytes), 'link', 3)
  const sealed = rlpToSealedHeader(header)
  const { height, parentId, timeMs, payloadHash } = sealed.header
  return {
    id: sealed.id,
    height,
    parentId,
    timeMs,
    payloadHash,
    totalWork: toBigint(totalWork, 'totalWork'),
    elapsedMs: toNumber(elapsedMs, 'elapsedMs'),
    sealed,
  }
}
