import { z } from 'zod'

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

/** Who may validate: the genesis set for good, or what the Staking contract says at epoch ends. */
export const Policy = z.enum(['fixed', 'authority', 'stake', 'delegated'])
export type Policy = z.infer<typeof Policy>

const BftGenesis = z.object({
  engine: z.literal('bft'),
  policy: Policy.default('fixed'),
  validators: z.array(z.object({ address, power: quantity, blsPublicKey })).min(1),
  /** Blocks of an epoch: its set is active two epochs after it was read. 0 only with fixed validators. */
  epochBlocks: z.number().int().min(0).max(10_000_000).default(0),
  /** What the proposer of each block gets besides its fees; nothing with fixed validators. */
  blockRewardGwei: quantity.default('0x0'),
  blockTimeMs: z.number().int().positive(),
  heartbeatMs: z.number().int().positive(),
})

/** `PowSettings` of @quoin/pow, less what follows from the rest of the genesis. */
const PowGenesis = z.object({
  engine: z.literal('pow'),
  targetBlockMs: z.number().int().positive(),
  halfLifeBlocks: z.number().int().positive(),
  initialDifficulty: quantity,
  minimumDifficulty: quantity,
  blockRewardGwei: quantity,
  halvingBlocks: z.number().int().min(0),
  safeDepth: z.number().int().min(0),
  finalizedDepth: z.number().int().positive(),
})

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
      consensus: z.discriminatedUnion('engine', [BftGenesis, PowGenesis]),
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
export type BftGenesis = z.infer<typeof BftGenesis>
export type PowGenesis = z.infer<typeof PowGenesis>
