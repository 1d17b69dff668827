import type { Hex } from './addresses.ts'
import { predeploys } from './generated/predeploys.ts'
import { stakingLayout } from './generated/staking-layout.ts'
import type { GenesisAccount } from './genesis-alloc.ts'
import { decodeStruct, readWord } from './storage-layout.ts'

/** How validators come to be: listed by the members' votes, by own stake, or by stake that holders delegate. */
export type StakingPolicy = 'authority' | 'stake' | 'delegated'

export interface StakingParameters {
  /** At most so many validate at once; up to 256. */
  seats: number
  /** Of a validator's stake for a signature that no honest validator makes, in basis points. */
  slashBps: number
  /** Of what is slashed at once, to who brings the evidence, in basis points; the rest is burnt. At most 5000. */
  reporterBps: number
  /** How long absence keeps a validator from coming back. */
  jailSeconds: number
  /** Light clients believe validators for two thirds of it at most. At least a minute. */
  unbondingSeconds: number
  /** At least `evidenceBlocks` and two epochs. */
  unbondingBlocks: number
  /** How long evidence is good. At least `seats`: validators take turns at bringing it, one a block. */
  evidenceBlocks: number
  /** After so many blocks a proposal of members is void. */
  proposalBlocks: number
  /** Of the operator's own, in wei; at least `powerUnit`. */
  minimumStake: bigint
  /** Wei for one unit of voting power. */
  powerUnit: bigint
}

/** All that the contract is told once. */
export interface StakingRules extends StakingParameters {
  policy: StakingPolicy
  epochBlocks: number
}

const ether = 10n ** 18n

/** `unbondingBlocks` unless said is as few as the epochs allow. */
export const stakingDefaults: Omit<StakingParameters, 'unbondingBlocks'> = {
  seats: 100,
  slashBps: 1000,
  reporterBps: 500,
  jailSeconds: 600,
  unbondingSeconds: 21 * 86_400,
  evidenceBlocks: 500_000,
  proposalBlocks: 100_000,
  minimumStake: 1000n * ether,
  powerUnit: ether,
}

/** As the contract numbers them. */
export const policyNumbers = { authority: 1, stake: 2, delegated: 3 } as const

/** What is not said is as by default, or what the rest asks for. */
export function resolveStakingRules(
  given: Partial<StakingParameters> & Pick<StakingRules, 'policy' | 'epochBlocks'>,
): StakingRules {
  const { evidenceBlocks = stakingDefaults.evidenceBlocks, epochBlocks } = given
  const unbondingBlocks = evidenceBlocks + 2 * epochBlocks
  return { ...stakingDefaults, unbondingBlocks, ...given }
}

/** @throws RangeError for rules under which faults would go free, or nobody could validate; says what to change */
export function checkStakingRules(rules: StakingRules): void {
  const { policy, epochBlocks, seats, evidenceBlocks, unbondingBlocks } = rules
  const { slashBps, reporterBps, minimumStake, powerUnit, unbondingSeconds } = rules
  const isStaked = policy !== 'authority'
  const shortest = evidenceBlocks + 2 * epochBlocks
  check(epochBlocks > 0, 'epochBlocks must be positive')
  check(seats > 0 && seats <= 256, `seats must be from 1 to 256, and ${seats} were given`)
  check(slashBps <= 10_000, 'slashBps is more than the whole: give 10000 or less')
  check(slashBps > 0 || !isStaked, 'slashBps must be positive: else stake answers for nothing')
  check(
    reporterBps <= 5000,
    'reporterBps must be 5000 or less: else the guilty report themselves and keep most of it',
  )
  check(powerUnit > 0n, 'powerUnit must be positive')
  check(minimumStake >= powerUnit, 'minimumStake must be at least powerUnit: less has no power')
  check(
    evidenceBlocks >= seats,
    `evidenceBlocks must be ${seats} or more: validators bring evidence in turns, one a block, and there are as many seats`,
  )
  check(
    unbondingBlocks >= shortest,
    `unbondingBlocks must be ${shortest} or more, as long as evidence is good (evidenceBlocks) and two epochs: else stake leaves before its fault is known`,
  )
  check(
    unbondingSeconds >= 60 || !isStaked,
    'unbondingSeconds must be 60 or more: light clients believe validators for two thirds of it',
  )
  check(rules.proposalBlocks > 0 || isStaked, 'proposalBlocks must be positive: else none passes')
}

/** What a genesis told the contract, as far as others must agree with it. */
export interface StakingBeginning {
  rules: StakingRules
  /** Of the first validators: evidence names a genesis that is made of it. */
  validatorsHash: Hex
  /** Wei that stake and whatever else is in the contract can be paid from. */
  balance: bigint
}

/**
 * Reads back what `stakingGenesis` wrote. Null for an account with other code than today's: a chain that
 * began with another version of it keeps that one, and its storage may mean something else.
 * @throws RangeError when its policy is none that this contract knows
 */
export function readStakingGenesis({
  code,
  storage = {},
  balance,
}: GenesisAccount): StakingBeginning | null {
  if (code !== predeploys.staking.code) return null
  const words = decodeStruct(stakingLayout, '_parameters', storage)
  const policies = ['authority', 'stake', 'delegated'] as const
  const policy = policies.find((name) => BigInt(policyNumbers[name]) === words.policy)
  if (!policy) throw new RangeError(`The Staking contract has no policy ${words.policy}`)
  const wei = (label: 'minimumStake' | 'powerUnit') => words[label] ?? 0n
  const number = (label: keyof StakingRules) => Number(words[label] ?? 0n)
  return {
    rules: {
      policy,
      epochBlocks: number('epochBlocks'),
      seats: number('seats'),
      slashBps: number('slashBps'),
      reporterBps: number('reporterBps'),
      jailSeconds: number('jailSeconds'),
      unbondingSeconds: number('unbondingSeconds'),
      unbondingBlocks: number('unbondingBlocks'),
      evidenceBlocks: number('evidenceBlocks'),
      proposalBlocks: number('proposalBlocks'),
      minimumStake: wei('minimumStake'),
      powerUnit: wei('powerUnit'),
    },
    validatorsHash: readWord(stakingLayout, '_genesisValidatorsHash', storage),
    balance: BigInt(balance),
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new RangeError(`Staking parameters: ${what}`)
}
