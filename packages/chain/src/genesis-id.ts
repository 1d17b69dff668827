import { genesisHashOf } from '@quoin/execution'
import { genesisId } from '@quoin/headers'
import { bytesToHex, canonicalJson, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { createPowRules, type PowSettings } from '@quoin/pow'
import { genesisValidators } from './check-genesis.ts'
import type { Genesis, PowGenesis } from './genesis-schema.ts'

/** The id that signatures and first blocks name: the same for all nodes of a chain, without opening it. */
export function genesisIdOf(genesis: Genesis, executionGenesis = genesisHashOf(genesis)): Hex {
  const { consensus } = genesis.config.quoin
  if (consensus.engine === 'pow')
    return createPowRules(powSettingsOf(genesis, consensus, executionGenesis)).genesisId
  return genesisId(BigInt(genesis.config.chainId), executionGenesis, genesisValidators(consensus))
}

/**
 * What peers compare before they speak: besides the genesis id all that nodes must agree on, so that nodes
 * with other rules stay apart instead of calling each other liars. The pace is each node's own.
 */
export function networkIdOf(genesis: Genesis, executionGenesis = genesisHashOf(genesis)): Hex {
  const { consensus, equalTimestamps } = genesis.config.quoin
  const rules =
    consensus.engine === 'pow'
      ? {}
      : {
          policy: consensus.policy,
          epochBlocks: consensus.epochBlocks,
          blockRewardGwei: consensus.blockRewardGwei,
        }
  const id = genesisIdOf(genesis, executionGenesis)
  const text = canonicalJson({ domain: 'quoin/network/1', id, equalTimestamps, ...rules })
  return bytesToHex(keccak256(new TextEncoder().encode(text)))
}

/** Proof of work's settings as its package wants them. */
export function powSettingsOf(
  { config, timestamp }: Genesis,
  { engine: _, ...settings }: PowGenesis,
  executionGenesis: Hex,
): PowSettings {
  return {
    ...settings,
    chainId: BigInt(config.chainId),
    executionGenesis,
    genesisTimeMs: Number(timestamp) * 1000,
    equalTimestamps: config.quoin.equalTimestamps,
    initialDifficulty: BigInt(settings.initialDifficulty),
    minimumDifficulty: BigInt(settings.minimumDifficulty),
    blockRewardGwei: BigInt(settings.blockRewardGwei),
  }
}
