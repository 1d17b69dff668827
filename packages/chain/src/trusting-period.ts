import { stakingOf } from './check-staking.ts'
import type { Genesis } from './genesis-schema.ts'

const weekMs = 7 * 86_400_000

/**
 * How long a block is enough to prove later ones by the signatures of its validators, in milliseconds: at
 * most a week, and at most two thirds of the time that stake waits before it is free. The last third is for
 * the two epochs in which stake that leaves still counts, and for evidence to be heard of. Endless where no
 * stake answers: members of a fixed or voted list are trusted as such. Of a chain with another version of the
 * Staking contract nothing is known, and a week is taken.
 */
export function trustingPeriodMsOf(genesis: Genesis): number {
  const { consensus } = genesis.config.quoin
  if (consensus.engine === 'pow') return weekMs
  if (consensus.policy === 'fixed' || consensus.policy === 'authority')
    return Number.POSITIVE_INFINITY
  const told = stakingOf(genesis)
  if (!told) return weekMs
  return Math.min(weekMs, Math.floor((told.rules.unbondingSeconds * 2000) / 3))
}
