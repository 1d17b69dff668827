import type { Withdrawal } from '@quoin/engine'
import type { ValidatorSet } from '@quoin/headers'
import { type SigningDomain, validatorsHash } from '@quoin/headers'
import { bigintToHex, type Hex } from '@quoin/kernel'
import type { DecidedBlock } from '../storage/block-store.ts'
import type { Presence } from './absence.ts'

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
  /** Who decides a height: known once the height before is decided, as is the next one's set. */
  validatorsAt(height: number): ValidatorSet
  /**
   * Awaited after each decided block is durable and is execution's head, in order: here the next epoch's
   * set is read from the state and kept durably. Must be idempotent: at each start it is called again
   * for the last decided block, and for all that execution had missed.
   */
  advance(decided: DecidedBlock): Promise<void>
  /** Blocks of an epoch, from height 1 on; 0 for a chain without epochs, where nobody is named absent. */
  epochBlocks: number
  /** What the proposer of each block gets as a withdrawal (EIP-4895); 0n for nothing. */
  blockRewardGwei: bigint
  /** Who must get fees and reward of a proposer's blocks; null: any fee recipient, and no reward. */
  rewardAddressOf(validator: Hex): Hex | null
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
  /** Of this block's epoch, with this block's certificate. */
  presence: Presence
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
    presence: new Map(),
  }
}

export function decidedToParent(decided: DecidedBlock, presence: Presence = new Map()): Parent {
  const { header, payload } = decided.block
  return {
    height: header.height,
    id: decided.id,
    timeMs: header.timeMs,
    randao: payload.prevRandao,
    payloadHash: header.payloadHash,
    payloadTimestamp: BigInt(payload.timestamp),
    decided,
    presence,
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

/** The one withdrawal of a proposer's block, or none. */
export function rewardOf(rules: ChainRules, height: number, proposer: Hex): Withdrawal[] {
  const address = rules.rewardAddressOf(proposer)
  if (address === null || rules.blockRewardGwei === 0n) return []
  const amount = bigintToHex(rules.blockRewardGwei)
  return [{ index: bigintToHex(height - 1), validatorIndex: '0x0', address, amount }]
}
