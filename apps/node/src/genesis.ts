import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { createGenesis, type Genesis, validatorOf } from '@quoin/chain'
import { genesisAlloc } from '@quoin/contracts'
import { privateKeyToAddress } from '@quoin/keys'
import type { NodeConfig } from './config.ts'
import { developmentAccount } from './development-account.ts'
import type { NodeKeys } from './node-keys.ts'

const coin = 10n ** 18n
const credit = 10n ** 6n

/** The genesis that a chain folder begins with, or null when it holds a chain already. */
export async function genesisFor(
  folder: string,
  config: NodeConfig,
  keys: NodeKeys,
): Promise<Genesis | null> {
  const isThere = await access(join(folder, 'genesis.json')).then(
    () => true,
    () => false,
  )
  return isThere ? null : privateGenesis(config, keys, Date.now())
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
