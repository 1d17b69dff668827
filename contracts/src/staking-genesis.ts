import { concat, getCreate2Address, keccak256, pad, size, slice, toBytes, toHex } from 'viem'
import type { Hex } from './addresses.ts'
import { predeploys } from './generated/predeploys.ts'
import { stakingLayout, vaultCodeHash } from './generated/staking-layout.ts'
import type { GenesisAccount } from './genesis-alloc.ts'
import { encodeStorage, type StorageValue } from './storage-layout.ts'

/** How validators come to be: listed by the members' votes, by own stake, or by stake that holders delegate. */
export type StakingPolicy = 'authority' | 'stake' | 'delegated'

export interface StakingParameters {
  /** At most so many validate at once; up to 256. */
  seats: number
  /** Of a validator's stake for a signature that no honest validator makes, in basis points. */
  slashBps: number
  /** Of what is slashed at once, to who brings the evidence, in basis points; the rest is burnt. */
  reporterBps: number
  /** How long absence keeps a validator from coming back. */
  jailSeconds: number
  unbondingSeconds: number
  /** At least `evidenceBlocks` and two epochs. */
  unbondingBlocks: number
  /** How long evidence is good. */
  evidenceBlocks: number
  /** After so many blocks a proposal of members is void. */
  proposalBlocks: number
  /** Of the operator's own, in wei; at least `powerUnit`. */
  minimumStake: bigint
  /** Wei for one unit of voting power. */
  powerUnit: bigint
}

export interface GenesisValidator {
  /** Of the consensus key. */
  address: Hex
  /** Under `stake` and `delegated` its stake is this times `powerUnit`, and is counted into the contract's balance. */
  power: bigint
  /** 48 bytes, compressed. */
  blsPublicKey: Hex
  /** Who owns the stake, votes and gets the commission: the consensus key's account unless said. */
  operator?: Hex
  /** Of what its vault collects, in basis points, before the rest is shared by stake. */
  commissionBps?: number
}

export interface StakingGenesis {
  policy: StakingPolicy
  validators: readonly GenesisValidator[]
  epochBlocks: number
  parameters?: Partial<StakingParameters>
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

const policies = { authority: 1, stake: 2, delegated: 3 } as const

/**
 * The accounts that put the Staking contract into a genesis, as if these validators had joined it: state
 * written by the compiler's storage layout. Merge them over `genesisAlloc`'s.
 * @throws RangeError when the parameters contradict each other or a validator is malformed
 */
export function stakingGenesis(genesis: StakingGenesis): Record<Hex, GenesisAccount> {
  const parameters = resolveParameters(genesis)
  const storage = encodeStorage(stakingLayout, stakingState(genesis, parameters))
  const total = genesis.validators.reduce((sum, { power }) => sum + power, 0n)
  const balance = genesis.policy === 'authority' ? 0n : total * parameters.powerUnit
  const { staking, stakingProofs } = predeploys
  return {
    [staking.address]: { balance: toHex(balance), nonce: '0x1', code: staking.code, storage },
    [stakingProofs.address]: { balance: '0x0', nonce: '0x1', code: stakingProofs.code },
  }
}

/** Where a validator's fees and block rewards arrive: an address that only the Staking contract can empty. */
export function vaultOf(staking: Hex, validator: Hex): Hex {
  const from = lowerCase(staking)
  const salt = pad(lowerCase(validator), { size: 32 })
  return lowerCase(getCreate2Address({ from, salt, bytecodeHash: vaultCodeHash }))
}

function resolveParameters({
  policy,
  validators,
  epochBlocks,
  ...rest
}: StakingGenesis): StakingParameters {
  const { evidenceBlocks = stakingDefaults.evidenceBlocks } = rest.parameters ?? {}
  const shortest = evidenceBlocks + 2 * epochBlocks
  const parameters = { ...stakingDefaults, unbondingBlocks: shortest, ...rest.parameters }
  const { seats, slashBps, reporterBps, minimumStake, powerUnit } = parameters
  const check = (holds: boolean, what: string) => {
    if (!holds) throw new RangeError(`Staking parameters: ${what}`)
  }
  check(epochBlocks > 0, 'epochBlocks is positive')
  check(seats > 0 && seats <= 256, 'seats is from 1 to 256')
  check(validators.length > 0 && validators.length <= seats, `from 1 to ${seats} validators`)
  check(slashBps <= 10_000 && reporterBps <= 10_000, 'a share is at most 10000 basis points')
  check(
    powerUnit > 0n && minimumStake >= powerUnit,
    'minimumStake is at least powerUnit, and that positive',
  )
  check(parameters.unbondingBlocks >= shortest, `unbondingBlocks is at least ${shortest}`)
  for (const { address, power, blsPublicKey, commissionBps = 0 } of validators) {
    check(size(blsPublicKey) === 48, `${address} has a BLS key of 48 bytes`)
    check(commissionBps <= 10_000, `${address} takes at most the whole`)
    const isEnough = policy === 'authority' ? power > 0n : power * powerUnit >= minimumStake
    check(isEnough, `${address} has at least the minimum stake, ${minimumStake} wei`)
  }
  check(
    new Set(validators.map(({ address }) => lowerCase(address))).size === validators.length,
    'each validator once',
  )
  return parameters
}

function stakingState(
  { policy, validators, epochBlocks }: StakingGenesis,
  parameters: StakingParameters,
): Record<string, StorageValue> {
  const members = [...validators]
    .map((one) => ({
      ...one,
      address: lowerCase(one.address),
      operator: lowerCase(one.operator ?? one.address),
    }))
    .sort((a, b) => (a.address < b.address ? -1 : 1))
  const stakeOf = (power: bigint) => (policy === 'authority' ? 0n : power * parameters.powerUnit)
  const entries = members.map(
    ({ address, operator, power, blsPublicKey, commissionBps = 0 }, index) => {
      const stake = stakeOf(power)
      const keys = { blsHigh: slice(blsPublicKey, 0, 32), blsLow: slice(blsPublicKey, 32) }
      const state = { operator, commissionBps, place: index + 1, stake, shares: stake, ...keys }
      return [address, { ...state, power: policy === 'authority' ? power : 0n }] as const
    },
  )
  return {
    _parameters: { ...parameters, policy: policies[policy], epochBlocks },
    _genesisValidatorsHash: validatorsHash(members),
    _candidates: members.map(({ address }) => address),
    _registered: members.map(({ address }) => address),
    _validators: Object.fromEntries(entries),
    _blsOwners: Object.fromEntries(
      members.map(({ address, blsPublicKey }) => [keccak256(blsPublicKey), address]),
    ),
    _positions: Object.fromEntries(
      members.map(({ address, operator, power }) => [
        address,
        { [operator]: { shares: stakeOf(power) } },
      ]),
    ),
  }
}

/** As consensus hashes a set: its id of the genesis, which evidence names, is made of it. */
function validatorsHash(members: readonly GenesisValidator[]): Hex {
  const type = 'QuoinValidators(address validator,uint256 power,bytes32 blsPublicKeyHash)[]'
  const words = members.flatMap(({ address, power, blsPublicKey }) => [
    pad(address),
    toHex(power, { size: 32 }),
    keccak256(blsPublicKey),
  ])
  return keccak256(
    concat([keccak256(toBytes(type)), toHex(members.length, { size: 32 }), ...words]),
  )
}

function lowerCase(address: Hex): Hex {
  return `0x${address.slice(2).toLowerCase()}`
}
