import { type GenesisValidator, type StakingParameters, stakingGenesis } from '@quoin/contracts'
import type { Validator } from '@quoin/headers'
import { CodedError } from '@quoin/kernel'
import { deriveBlsKey, privateKeyToAddress } from '@quoin/keys'
import { z } from 'zod'
import { checkGenesis } from './check-genesis.ts'
import type { ChainErrorCode } from './errors.ts'
import { Genesis, type Policy } from './genesis-schema.ts'
import { systemContracts } from './system-contracts.ts'

/** An account as it may be given: checked when the genesis is made. */
export interface GenesisAlloc {
  /** Hexadecimal quantities, as in geth's file. */
  balance: string
  nonce?: string
  code?: string
  storage?: Readonly<Record<string, string>>
}

interface CommonOptions {
  chainId: number
  /** Seconds since 1970. */
  timestamp: number
  /** Accounts and contracts besides the system contracts, by address. */
  alloc: Readonly<Record<string, GenesisAlloc>>
  gasLimit?: bigint
  baseFeePerGas?: bigint
  equalTimestamps?: boolean
}

/** One that validates from the first block on; operator and commission are the Staking contract's. */
type FirstValidator = Validator & Pick<GenesisValidator, 'operator' | 'commissionBps'>

export interface BftGenesisOptions extends CommonOptions {
  engine?: 'bft'
  validators: readonly FirstValidator[]
  /** `fixed` by default; with the others the Staking contract is put into `alloc`. */
  policy?: Policy
  /** What the Staking contract is to know besides; see `stakingDefaults` of @quoin/contracts. */
  staking?: Partial<StakingParameters>
  /** By default 0 with fixed validators, else 600. */
  epochBlocks?: number
  blockRewardGwei?: bigint
  blockTimeMs?: number
  heartbeatMs?: number
}

export interface PowGenesisOptions extends CommonOptions {
  engine: 'pow'
  /** Mean time between blocks; 10 seconds by default. */
  targetBlockMs?: number
  /** A chain this many blocks behind its schedule has half the difficulty. */
  halfLifeBlocks?: number
  /** Expected hashes for the first block. */
  initialDifficulty?: bigint
  minimumDifficulty?: bigint
  blockRewardGwei?: bigint
  /** 0 for never. */
  halvingBlocks?: number
  safeDepth?: number
  finalizedDepth?: number
}

export type GenesisOptions = BftGenesisOptions | PowGenesisOptions

/** The validator that a 32-byte key makes. */
export function validatorOf(privateKey: Uint8Array, power = 1n): Validator {
  const { publicKey: blsPublicKey } = deriveBlsKey(privateKey)
  return { address: privateKeyToAddress(privateKey), power, blsPublicKey }
}

/** A genesis at the Prague fork. @throws CodedError `GENESIS_INVALID` */
export function createGenesis(options: GenesisOptions): Genesis {
  const { chainId, timestamp, gasLimit = 60_000_000n } = options
  const consensus = options.engine === 'pow' ? powSettings(options) : bftSettings(options)
  const given = { ...systemContracts, ...options.alloc, ...stakingOf(options) }
  const alloc = Object.fromEntries(
    Object.entries(given).map(([account, state]) => [account.toLowerCase(), state]),
  )
  return parseGenesis({
    config: {
      chainId,
      ...forksAtGenesis,
      blobSchedule: {
        cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
        prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
      },
      quoin: { equalTimestamps: options.equalTimestamps ?? true, consensus },
    },
    nonce: '0x0',
    timestamp: hex(timestamp),
    extraData: '0x',
    gasLimit: hex(gasLimit),
    difficulty: '0x0',
    mixHash: `0x${'0'.repeat(64)}`,
    coinbase: `0x${'0'.repeat(40)}`,
    baseFeePerGas: hex(options.baseFeePerGas ?? 1_000_000_000n),
    alloc,
  })
}

/** The Staking contract as if the first validators had joined it. @throws CodedError `GENESIS_INVALID` */
function stakingOf(options: GenesisOptions): Record<string, GenesisAlloc> {
  if (options.engine === 'pow') return {}
  const { policy = 'fixed', validators, staking } = options
  if (policy === 'fixed') return {}
  const epochBlocks = options.epochBlocks ?? defaultEpochBlocks
  try {
    return stakingGenesis({
      policy,
      validators,
      epochBlocks,
      ...(staking && { parameters: staking }),
    })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new CodedError<ChainErrorCode>(
      'GENESIS_INVALID',
      `This genesis cannot begin a chain: ${cause.message}`,
      { cause },
    )
  }
}

const defaultEpochBlocks = 600

function bftSettings(options: BftGenesisOptions) {
  const { validators, policy = 'fixed' } = options
  return {
    engine: 'bft',
    policy,
    validators: validators.map(({ address, power, blsPublicKey }) => ({
      address,
      power: hex(power),
      blsPublicKey,
    })),
    epochBlocks: options.epochBlocks ?? (policy === 'fixed' ? 0 : defaultEpochBlocks),
    blockRewardGwei: hex(options.blockRewardGwei ?? 0n),
    blockTimeMs: options.blockTimeMs ?? 500,
    heartbeatMs: options.heartbeatMs ?? 15_000,
  }
}

function powSettings(options: PowGenesisOptions) {
  return {
    engine: 'pow',
    targetBlockMs: options.targetBlockMs ?? 10_000,
    halfLifeBlocks: options.halfLifeBlocks ?? 128,
    initialDifficulty: hex(options.initialDifficulty ?? 1_000_000n),
    minimumDifficulty: hex(options.minimumDifficulty ?? 1000n),
    blockRewardGwei: hex(options.blockRewardGwei ?? 2_000_000_000n),
    halvingBlocks: options.halvingBlocks ?? 2_100_000,
    safeDepth: options.safeDepth ?? 6,
    finalizedDepth: options.finalizedDepth ?? 64,
  }
}

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`
}

const forksAtGenesis = {
  homesteadBlock: 0,
  eip150Block: 0,
  eip155Block: 0,
  eip158Block: 0,
  byzantiumBlock: 0,
  constantinopleBlock: 0,
  petersburgBlock: 0,
  istanbulBlock: 0,
  berlinBlock: 0,
  londonBlock: 0,
  mergeNetsplitBlock: 0,
  terminalTotalDifficulty: 0,
  shanghaiTime: 0,
  cancunTime: 0,
  pragueTime: 0,
}

/** @throws CodedError `GENESIS_INVALID` naming what is wrong */
export function parseGenesis(json: unknown): Genesis {
  const parsed = Genesis.safeParse(json)
  if (!parsed.success)
    throw new CodedError<ChainErrorCode>(
      'GENESIS_INVALID',
      `Not a genesis of this chain software: ${z.prettifyError(parsed.error)}`,
    )
  checkGenesis(parsed.data)
  return parsed.data
}
