import { createGenesis, type Genesis } from '@quoin/chain'
import { genesisAlloc, stakingDefaults } from '@quoin/contracts'
import { CodedError, type Hex } from '@quoin/kernel'
import { developmentAccount } from './development-account.ts'
import type { Member } from './member.ts'

const coin = 10n ** 18n
const credit = 10n ** 6n

export const policies = ['fixed', 'authority', 'stake', 'delegated'] as const
export type Policy = (typeof policies)[number]

/** Of a chain of validators. */
export interface BftOrder {
  consensus: 'bft'
  /** fixed: the genesis's members for good, without a Staking contract, epochs and rewards. */
  policy: Policy
  /** Blocks of an epoch: its validators validate two epochs later. */
  epochBlocks: number
  /** What the proposer of a block gets besides its fees, in gwei. */
  blockRewardGwei: bigint
  /** Each member's stake at the beginning, in coins; without meaning where members vote. */
  stakeCoins: bigint
  /** How long stake that leaves waits. */
  unbondingSeconds: number
  /** How long absence keeps a validator from coming back. */
  jailSeconds: number
  blockTimeMs: number
  heartbeatMs: number
}

/** Of a chain of proof of work. */
export interface PowOrder {
  consensus: 'pow'
  targetBlockMs: number
  /** Expected hashes for the first block. */
  initialDifficulty: bigint
  blockRewardGwei: bigint
}

export interface NetworkGenesisOptions {
  chainId: number
  order: BftOrder | PowOrder
  members: readonly Member[]
  /** Seconds since 1970. */
  timestamp: number
  /** Further accounts with coins, in wei. */
  funds: readonly { address: Hex; wei: bigint }[]
  /** Gives coins and Credits to the account whose key everybody knows. */
  withDevelopmentAccount: boolean
}

/** For gas, to each member's validator and provider account. */
const memberWei = 1_000n * coin

/** The genesis that every node of a network begins with. @throws CodedError `GENESIS_INVALID` */
export function createNetworkGenesis(options: NetworkGenesisOptions): Genesis {
  const { members, order, chainId, timestamp } = options
  const [first] = members
  if (!first) throw invalid('A chain needs a member')
  const twice = members.find(
    ({ address }, at) => members.findIndex((member) => member.address === address) !== at,
  )
  if (twice) throw invalid(`The member ${twice.address} is given twice`)
  const alloc = allocOf(options, first)
  if (order.consensus === 'pow')
    return createGenesis({ chainId, timestamp, alloc, ...order, engine: 'pow' })
  const validators = validatorsOf(members, order)
  const { policy, blockTimeMs, heartbeatMs } = order
  const common = { chainId, timestamp, alloc, validators, policy, blockTimeMs, heartbeatMs }
  if (policy === 'fixed') return createGenesis(common)
  const { epochBlocks, blockRewardGwei } = order
  return createGenesis({ ...common, epochBlocks, blockRewardGwei, staking: stakingOf(order) })
}

function validatorsOf(members: readonly Member[], { policy, stakeCoins }: BftOrder) {
  const power = isStaked(policy) ? stakeCoins : 1n
  return members.map(({ address, blsPublicKey }) => ({ address, power, blsPublicKey }))
}

const isStaked = (policy: Policy) => policy === 'stake' || policy === 'delegated'

/**
 * Evidence is good, and stake stays bound, for as many blocks as the unbonding time can have: within what the
 * contract takes by default, and so many that each seat has its turn to bring it.
 */
function evidenceBlocksOf({ unbondingSeconds, blockTimeMs }: BftOrder): number {
  const { seats, evidenceBlocks: most } = stakingDefaults
  return Math.max(seats, Math.min(most, Math.ceil((unbondingSeconds * 1000) / blockTimeMs)))
}

function stakingOf(order: BftOrder) {
  const { policy, stakeCoins, unbondingSeconds, jailSeconds } = order
  const least = stakingDefaults.minimumStake
  if (isStaked(policy) && stakeCoins * coin < least)
    throw invalid(`A validator stakes ${least / coin} coins or more, and ${stakeCoins} were given`)
  return { unbondingSeconds, jailSeconds, evidenceBlocks: evidenceBlocksOf(order) }
}

/** The contracts, coins for gas for every member; the first member's provider may mint Credit. */
function allocOf(options: NetworkGenesisOptions, first: Member) {
  const { members, funds, withDevelopmentAccount } = options
  const development = developmentAccount.address
  return genesisAlloc({
    creditOwner: first.provider,
    balances: [
      ...members.flatMap(({ address, provider }) => [
        { address, wei: memberWei },
        { address: provider, wei: memberWei },
      ]),
      ...funds,
      ...(withDevelopmentAccount ? [{ address: development, wei: 1_000_000n * coin }] : []),
    ],
    credits: withDevelopmentAccount ? [{ address: development, amount: 1_000_000n * credit }] : [],
  })
}

function invalid(message: string): CodedError {
  return new CodedError('GENESIS_INVALID', message)
}
