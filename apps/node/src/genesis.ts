import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGenesis, type Genesis, parseGenesis, validatorOf } from '@quoin/chain'
import { genesisAlloc } from '@quoin/contracts'
import { CodedError } from '@quoin/kernel'
import { privateKeyToAddress } from '@quoin/keys'
import type { NodeConfig } from './config.ts'
import { developmentAccount } from './development-account.ts'
import type { NodeKeys } from './node-keys.ts'

const coin = 10n ** 18n
const credit = 10n ** 6n

export interface NodeGenesis {
  /** What to begin the chain folder with; null when it holds a chain already. */
  genesis: Genesis | null
  /** A chain that this node made for itself: how fast its blocks come may be changed by the node. */
  isPrivate: boolean
}

/**
 * The genesis of the settings, else the one that the chain folder has, else a new private chain's.
 * @throws CodedError `GENESIS_MISSING`, `GENESIS_INVALID` naming the file
 */
export async function genesisFor(
  folder: string,
  config: NodeConfig,
  keys: NodeKeys,
): Promise<NodeGenesis> {
  if (config.genesis !== undefined)
    return { genesis: await readGenesisFile(config.genesis), isPrivate: false }
  const kept = await readIfThere(join(folder, 'genesis.json'))
  if (kept === null) return { genesis: privateGenesis(config, keys, Date.now()), isPrivate: true }
  const { consensus } = parse(kept, join(folder, 'genesis.json')).config.quoin
  const own = privateKeyToAddress(keys.validator)
  const isPrivate =
    consensus.engine === 'bft' &&
    consensus.validators.length === 1 &&
    consensus.validators[0]?.address === own
  return { genesis: null, isPrivate }
}

/** @throws CodedError `GENESIS_MISSING`, `GENESIS_INVALID` naming the file */
export async function readGenesisFile(path: string): Promise<Genesis> {
  const text = await readIfThere(path)
  if (text !== null) return parse(text, path)
  throw new CodedError(
    'GENESIS_MISSING',
    `There is no genesis file ${path}: get it from who began the chain`,
  )
}

function parse(text: string, path: string): Genesis {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new CodedError('GENESIS_INVALID', `${path} is not JSON`, { cause })
  }
  try {
    return parseGenesis(json)
  } catch (cause) {
    if (!(cause instanceof CodedError)) throw cause
    throw new CodedError(cause.code, `${path}: ${cause.message}`, { cause })
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/**
 * The genesis of a private chain with one validator: the contracts, gas for the node's own accounts, and
 * coins and Credits for the public development account.
 */
function privateGenesis(config: NodeConfig, keys: NodeKeys, nowMs: number): Genesis {
  const provider = privateKeyToAddress(keys.provider)
  const development = developmentAccount.address
  const alloc = genesisAlloc({
    creditOwner: provider,
    balances: [
      { address: provider, wei: 1_000n * coin },
      { address: development, wei: 10_000n * coin },
    ],
    credits: [{ address: development, amount: 1_000_000n * credit }],
  })
  return createGenesis({
    chainId: config.chainId,
    timestamp: Math.floor(nowMs / 1000),
    alloc,
    validators: [validatorOf(keys.validator)],
    blockTimeMs: config.blockTimeMs,
    heartbeatMs: config.heartbeatMs,
  })
}
