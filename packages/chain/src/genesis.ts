import type { Validator } from '@quoin/headers'
import { CodedError } from '@quoin/kernel'
import { deriveBlsKey, privateKeyToAddress } from '@quoin/keys'
import { z } from 'zod'
import type { ChainErrorCode } from './errors.ts'
import { systemContracts } from './system-contracts.ts'

const quantity = z.templateLiteral(['0x', z.string().regex(/^(0|[1-9a-f][0-9a-f]*)$/)])
const bytes = z.templateLiteral(['0x', z.string().regex(/^([0-9a-f]{2})*$/)])
const address = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{40}$/)])
const blsPublicKey = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{96}$/)])
const word = z.templateLiteral(['0x', z.string().regex(/^[0-9a-f]{64}$/)])

const GenesisAccount = z.object({
  balance: quantity,
  nonce: quantity.exactOptional(),
  code: bytes.exactOptional(),
  storage: z.record(word, word).exactOptional(),
})

/** An account at genesis, as geth writes it. */
type GenesisAccount = z.infer<typeof GenesisAccount>

const zeroFork = z.literal(0)
const blobLimits = z.object({
  target: z.number(),
  max: z.number(),
  baseFeeUpdateFraction: z.number(),
})

/**
 * A chain's beginning: geth's genesis file, with what is ours under `config.quoin`, which other
 * clients pass over.
 */
export const Genesis = z.object({
  config: z.object({
    chainId: z.number().int().positive(),
    homesteadBlock: zeroFork,
    eip150Block: zeroFork,
    eip155Block: zeroFork,
    eip158Block: zeroFork,
    byzantiumBlock: zeroFork,
    constantinopleBlock: zeroFork,
    petersburgBlock: zeroFork,
    istanbulBlock: zeroFork,
    berlinBlock: zeroFork,
    londonBlock: zeroFork,
    mergeNetsplitBlock: zeroFork,
    terminalTotalDifficulty: zeroFork,
    shanghaiTime: zeroFork,
    cancunTime: zeroFork,
    pragueTime: zeroFork,
    blobSchedule: z.object({ cancun: blobLimits, prague: blobLimits }),
    quoin: z.object({
      /**
       * Blocks may share a second: `timestamp >= parent.timestamp`, where Ethereum wants more. Our one
       * deviation from Ethereum's block rules, made so that blocks can be faster than one a second.
       */
      equalTimestamps: z.boolean(),
      consensus: z.object({
        engine: z.literal('bft'),
        validators: z.array(z.object({ address, power: quantity, blsPublicKey })).min(1),
        blockTimeMs: z.number().int().positive(),
        heartbeatMs: z.number().int().positive(),
      }),
    }),
  }),
  nonce: quantity,
  timestamp: quantity,
  extraData: bytes,
  gasLimit: quantity,
  difficulty: quantity,
  mixHash: word,
  coinbase: address,
  baseFeePerGas: quantity,
  alloc: z.record(address, GenesisAccount),
})
export type Genesis = z.infer<typeof Genesis>

/** An account as it may be given: checked when the genesis is made. */
export interface GenesisAlloc {
  /** Hexadecimal quantities, as in geth's file. */
  balance: string
  nonce?: string
  code?: string
  storage?: Readonly<Record<string, string>>
}

export interface GenesisOptions {
  chainId: number
  /** Seconds since 1970. */
  timestamp: number
  /** Accounts and contracts besides the system contracts, by address. */
  alloc: Readonly<Record<string, GenesisAlloc>>
  validators: readonly Validator[]
  gasLimit?: bigint
  baseFeePerGas?: bigint
  blockTimeMs?: number
  heartbeatMs?: number
  equalTimestamps?: boolean
}

/** The validator that a 32-byte key makes. */
export function validatorOf(privateKey: Uint8Array, power = 1n): Validator {
  const { publicKey: blsPublicKey } = deriveBlsKey(privateKey)
  return { address: privateKeyToAddress(privateKey), power, blsPublicKey }
}

/** A genesis at the Prague fork. @throws CodedError `GENESIS_INVALID` */
export function createGenesis(options: GenesisOptions): Genesis {
  const { chainId, timestamp, validators, gasLimit = 60_000_000n } = options
  const alloc = Object.fromEntries(
    Object.entries({ ...systemContracts, ...options.alloc }).map(([account, state]) => [
      account.toLowerCase(),
      state,
    ]),
  )
  const hex = (value: bigint | number) => `0x${value.toString(16)}`
  return parseGenesis({
    config: {
      chainId,
      ...forksAtGenesis,
      blobSchedule: {
        cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
        prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
      },
      quoin: {
        equalTimestamps: options.equalTimestamps ?? true,
        consensus: {
          engine: 'bft',
          validators: validators.map(({ power, ...keys }) => ({ ...keys, power: hex(power) })),
          blockTimeMs: options.blockTimeMs ?? 500,
          heartbeatMs: options.heartbeatMs ?? 15_000,
        },
      },
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
  if (parsed.success) return parsed.data
  throw new CodedError<ChainErrorCode>(
    'GENESIS_INVALID',
    `Not a genesis of this chain software: ${z.prettifyError(parsed.error)}`,
  )
}
