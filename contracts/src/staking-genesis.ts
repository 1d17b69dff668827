import { concat, getCreate2Address, keccak256, pad, size, slice, toBytes, toHex } from 'viem'
import type { Hex } from './addresses.ts'
import { predeploys } from './generated/predeploys.ts'
import { stakingLayout, vaultCodeHash } from './generated/staking-layout.ts'
import type { GenesisAccount } from './genesis-alloc.ts'
import {
  checkStakingRules,
  policyNumbers,
  resolveStakingRules,
  type StakingParameters,
  type StakingPolicy,
  type StakingRules,
} from './staking-parameters.ts'
import { encodeStorage, type StorageValue } from './storage-layout.ts'

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

/**
 * The accounts that put the Staking contract into a genesis, as if these validators had joined it: state
 * written by the compiler's storage layout. Merge them over `genesisAlloc`'s.
 * @throws RangeError when the parameters contradict each other or a validator is malformed
 */
export function stakingGenesis(genesis: StakingGenesis): Record<Hex, GenesisAccount> {
  const { policy, epochBlocks } = genesis
  const parameters = resolveStakingRules({ ...genesis.parameters, policy, epochBlocks })
  checkStakingRules(parameters)
  checkValidators(genesis, parameters)
  const storage = encodeStorage(stakingLayout, stakingState(genesis, parameters))
  const total = genesis.validators.reduce((sum, { power }) => sum + power, 0n)
  const balance = policy === 'authority' ? 0n : total * parameters.powerUnit
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

function checkValidators(
  { policy, validators }: StakingGenesis,
  { seats, minimumStake, powerUnit }: StakingRules,
): void {
  const check = (holds: boolean, what: string) => {
    if (!holds) throw new RangeError(`Staking parameters: ${what}`)
  }
  check(validators.length > 0, 'a chain begins with one validator or more')
  check(validators.length <= seats, `${validators.length} validators need as many seats or more`)
  const seen = new Set<string>()
  for (const {
    address,
    power,
    blsPublicKey,
    operator = address,
    commissionBps = 0,
  } of validators) {
    check(size(blsPublicKey) === 48, `the blsPublicKey of ${address} must have 48 bytes`)
    for (const key of [lowerCase(address), lowerCase(blsPublicKey)]) {
      check(!seen.has(key), `the key ${key} is given twice: each validator needs its own`)
      seen.add(key)
    }
    check(isAccount(operator), `the operator of ${address} must be an account, not ${operator}`)
    check(commissionBps <= 10_000, `the commissionBps of ${address} must be 10000 or less`)
    const isEnough = policy === 'authority' ? power > 0n : power * powerUnit >= minimumStake
    const stake = `${power} units of ${powerUnit} wei`
    check(
      isEnough,
      `${address} begins with ${stake}: give it minimumStake, ${minimumStake} wei, or lower that`,
    )
  }
}

function isAccount(address: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/.test(address) && BigInt(address) !== 0n
}

function stakingState(
  { policy, validators }: StakingGenesis,
  parameters: StakingRules,
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
    _parameters: { ...parameters, policy: policyNumbers[policy] },
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
