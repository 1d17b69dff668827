import { stakingOf } from './check-staking.ts'
import type { Genesis } from './genesis-schema.ts'

/**
 * For how many blocks evidence is worth keeping: as long as the Staking contract of a genesis takes it. Older
 * pieces would only stand in the way of new ones. Null where no such contract is told of.
 */
export function evidenceAgeBlocksOf(genesis: Genesis): number | null {
  const { consensus } = genesis.config.quoin
  // A chain of fixed validators has the predeploy, which was told of nobody.
  if (consensus.engine !== 'bft' || consensus.policy === 'fixed') return null
  return stakingOf(genesis)?.rules.evidenceBlocks ?? null
}
