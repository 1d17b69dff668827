import { encodeRlp, hexItem, numberItem, textItem } from '@quoin/headers'
import { bytesToHex, CodedError, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { PowErrorCode } from './errors.ts'

/** What a genesis says about proof of work. */
export interface PowSettings {
  chainId: bigint
  /** Hash and time of the execution genesis. */
  executionGenesis: Hex
  genesisTimeMs: number
  /** Whether blocks may share a second, where Ethereum wants `timestamp > parent.timestamp`. */
  equalTimestamps: boolean
  /** Mean time between blocks that the difficulty aims at. */
  targetBlockMs: number
  /** A chain this many blocks behind its schedule has half the difficulty. */
  halfLifeBlocks: number
  /** Expected hashes for the first block. */
  initialDifficulty: bigint
  /** Difficulty never falls below this. */
  minimumDifficulty: bigint
  /** What the miner of block 1 gets; 0 for fees alone. */
  blockRewardGwei: bigint
  /** The reward halves after so many blocks; 0 for never. */
  halvingBlocks: number
  /** Blocks on top that make a block `safe`. */
  safeDepth: number
  /** Blocks on top that make a block `finalized`: reorganizations below are refused. */
  finalizedDepth: number
}

/** The settings with what follows from them. */
export interface PowRules extends PowSettings {
  /** Stands for the genesis as the parent of block 1; covers all settings, so nodes that differ cannot mix. */
  genesisId: Hex
}

/** @throws CodedError `INVALID_RULES` naming the setting */
export function createPowRules(settings: PowSettings): PowRules {
  const require = (holds: boolean, what: string) => {
    if (!holds) throw new CodedError<PowErrorCode>('INVALID_RULES', `Proof of work: ${what}`)
  }
  const isCount = (value: number, least: number) => Number.isSafeInteger(value) && value >= least
  require(isCount(settings.targetBlockMs, 10), 'targetBlockMs must be 10 or more')
  require(settings.equalTimestamps ||
    settings.targetBlockMs >= 1000, 'targetBlockMs below 1000 needs equalTimestamps')
  require(isCount(settings.halfLifeBlocks, 2), 'halfLifeBlocks must be 2 or more')
  require(settings.minimumDifficulty >= 1n, 'minimumDifficulty must be 1 or more')
  require(settings.initialDifficulty >=
    settings.minimumDifficulty, 'initialDifficulty must not be below minimumDifficulty')
  require(settings.initialDifficulty <
    2n ** 240n, 'initialDifficulty is beyond what anyone could mine')
  require(settings.blockRewardGwei >= 0n &&
    settings.blockRewardGwei < 2n ** 64n, 'blockRewardGwei must fit in 64 bits')
  require(isCount(settings.halvingBlocks, 0), 'halvingBlocks must be a whole number')
  require(isCount(settings.safeDepth, 0), 'safeDepth must be a whole number')
  require(isCount(settings.finalizedDepth, 1) &&
    settings.finalizedDepth >=
      settings.safeDepth, 'finalizedDepth must be 1 or more, and no less than safeDepth')
  return { ...settings, genesisId: genesisIdOf(settings) }
}

function genesisIdOf(settings: PowSettings): Hex {
  const items = [
    textItem('quoin/pow-genesis/1'),
    numberItem(settings.chainId),
    hexItem(settings.executionGenesis),
    numberItem(settings.genesisTimeMs),
    numberItem(settings.equalTimestamps ? 1 : 0),
    numberItem(settings.targetBlockMs),
    numberItem(settings.halfLifeBlocks),
    numberItem(settings.initialDifficulty),
    numberItem(settings.minimumDifficulty),
    numberItem(settings.blockRewardGwei),
    numberItem(settings.halvingBlocks),
    numberItem(settings.safeDepth),
    numberItem(settings.finalizedDepth),
  ]
  return bytesToHex(keccak256(encodeRlp(items)))
}

/** What the miner of a block gets, in gwei: halved after every `halvingBlocks`, until nothing is left. */
export function rewardAt(
  height: number,
  { blockRewardGwei, halvingBlocks }: Pick<PowSettings, 'blockRewardGwei' | 'halvingBlocks'>,
): bigint {
  if (halvingBlocks === 0) return blockRewardGwei
  return blockRewardGwei >> BigInt(Math.floor((height - 1) / halvingBlocks))
}
