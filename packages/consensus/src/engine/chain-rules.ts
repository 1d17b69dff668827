import type { ValidatorSet } from '@quoin/headers'
import { type SigningDomain, validatorsHash } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { DecidedBlock } from '../storage/block-store.ts'

/** What the genesis fixes for all nodes of a chain. */
export interface ChainRules {
  domain: SigningDomain
  /** Hash and time of the execution genesis. */
  executionGenesis: Hex
  genesisTimeMs: number
  /**
   * Whether blocks may share a second (`timestamp >= parent.timestamp`, as on Arbitrum). Standard
   * execution clients refuse it: with false there is at most one block a second.
   */
  equalTimestamps: boolean
  /** Who decides a height: known once the height before is decided. */
  validatorsAt(height: number): ValidatorSet
}

/** The block that the next one builds on. */
export interface Parent {
  height: number
  id: Hex
  timeMs: number
  randao: Hex
  payloadHash: Hex
  payloadTimestamp: bigint
  /** Null for the genesis. */
  decided: DecidedBlock | null
}

const zeroHash: Hex = `0x${'0'.repeat(64)}`

export function genesisParent({ domain, executionGenesis, genesisTimeMs }: ChainRules): Parent {
  return {
    height: 0,
    id: domain.genesisId,
    timeMs: genesisTimeMs,
    randao: zeroHash,
    payloadHash: executionGenesis,
    payloadTimestamp: BigInt(Math.floor(genesisTimeMs / 1000)),
    decided: null,
  }
}

export function decidedToParent(decided: DecidedBlock): Parent {
  const { header, payload } = decided.block
  return {
    height: header.height,
    id: decided.id,
    timeMs: header.timeMs,
    randao: payload.prevRandao,
    payloadHash: header.payloadHash,
    payloadTimestamp: BigInt(payload.timestamp),
    decided,
  }
}

/** The least time that a child may have. */
export function earliestTimeMs(parent: Parent, rules: ChainRules): number {
  if (rules.equalTimestamps) return parent.timeMs + 1
  return Number(parent.payloadTimestamp + 1n) * 1000
}

export function setHashes(rules: ChainRules, height: number) {
  return {
    validatorsHash: validatorsHash(rules.validatorsAt(height)),
    nextValidatorsHash: validatorsHash(rules.validatorsAt(height + 1)),
  }
}
