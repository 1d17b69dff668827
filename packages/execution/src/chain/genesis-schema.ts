import { CodedError, type Hex } from '@quoin/kernel'
import { z } from 'zod'

const quantity = z
  .union([z.string().regex(/^(0x[0-9a-fA-F]+|\d+)$/), z.number().int().nonnegative()])
  .transform((value) => BigInt(value))

/** Null as geth writes it before the fork that brings the field. */
const absentOrQuantity = quantity.nullish().transform((value) => value ?? undefined)

const bytes = (size?: number) =>
  z
    .string()
    .regex(
      size === undefined
        ? /^(0x)?([0-9a-fA-F]{2})*$/
        : new RegExp(`^(0x)?[0-9a-fA-F]{${size * 2}}$`),
    )
    .transform((text): Hex => `0x${text.replace(/^0x/, '').toLowerCase()}`)

const account = z.object({
  balance: quantity.default(0n),
  nonce: quantity.default(0n),
  code: bytes().default('0x'),
  storage: z.record(bytes(32), bytes()).default({}),
})

/** The parts of geth's genesis.json that matter here; `config` is passed on as it is. */
const genesisSchema = z.object({
  config: z.looseObject({ chainId: z.number().int().positive() }),
  nonce: quantity.default(0n),
  timestamp: quantity.default(0n),
  extraData: bytes().default('0x'),
  gasLimit: quantity,
  difficulty: quantity.default(0n),
  mixHash: bytes(32).default(`0x${'00'.repeat(32)}`),
  coinbase: bytes(20).default(`0x${'00'.repeat(20)}`),
  baseFeePerGas: absentOrQuantity,
  excessBlobGas: absentOrQuantity,
  blobGasUsed: absentOrQuantity,
  alloc: z.record(bytes(20), account),
})

export type GenesisState = z.infer<typeof genesisSchema>

/** A geth-format genesis.json as it is read from a file. */
export interface GethGenesis {
  config: { chainId: number; [option: string]: unknown }
  alloc: Record<
    string,
    { balance?: string; nonce?: string; code?: string; storage?: Record<string, string> }
  >
  gasLimit: string
  [field: string]: unknown
}

/** @throws CodedError INVALID_GENESIS naming the field */
export function parseGenesis(genesis: unknown): GenesisState {
  const parsed = genesisSchema.safeParse(genesis)
  if (!parsed.success)
    throw new CodedError(
      'INVALID_GENESIS',
      `The genesis is not in geth's format: ${z.prettifyError(parsed.error)}`,
    )
  return parsed.data
}
