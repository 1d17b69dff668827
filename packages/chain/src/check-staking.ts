import {
  checkStakingRules,
  predeployAddresses,
  readStakingGenesis,
  type StakingBeginning,
} from '@quoin/contracts'
import { type ValidatorSet, validatorsHash } from '@quoin/headers'
import type { BftGenesis, Genesis } from './genesis-schema.ts'

/**
 * What the Staking contract of a genesis was told; null where there is none, and for a contract of another
 * version, which only speaks for itself when it is asked for its validators.
 * @throws RangeError when its storage is none of ours
 */
export function stakingOf({ alloc }: Genesis): StakingBeginning | null {
  const account = alloc[predeployAddresses.staking]
  if (!account) return null
  const { balance, code, storage, nonce = '0x0' } = account
  return readStakingGenesis({ balance, nonce, ...(code && { code }), ...(storage && { storage }) })
}

/** Whether consensus and the contract begin alike. @throws RangeError that says what to change */
export function checkStaking(genesis: Genesis, consensus: BftGenesis, set: ValidatorSet): void {
  const told = stakingOf(genesis)
  if (!told) return
  const { rules, balance } = told
  const { policy, epochBlocks } = consensus
  checkStakingRules(rules)
  if (rules.policy !== policy)
    throw new RangeError(
      `consensus has the policy ${policy}, the Staking contract ${rules.policy}: make both with one call of createGenesis`,
    )
  if (rules.epochBlocks !== epochBlocks)
    throw new RangeError(
      `consensus has epochs of ${epochBlocks} blocks (epochBlocks), the Staking contract of ${rules.epochBlocks}: stake would leave before its time`,
    )
  if (told.validatorsHash !== validatorsHash(set))
    throw new RangeError(
      'the Staking contract was told of other validators: it would refuse all evidence',
    )
  const stake = policy === 'authority' ? 0n : set.totalPower * rules.powerUnit
  if (balance < stake)
    throw new RangeError(
      `the Staking contract holds ${balance} wei, less than the ${stake} that its validators have staked`,
    )
}
