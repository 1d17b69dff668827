import { CodedError, type Hex } from '@quoin/kernel'

export interface Validator {
  /** Lower-case address of the secp256k1 key that signs. */
  address: Hex
  power: bigint
  /** 48 bytes: the BLS12-381 key (G1, compressed) whose signatures make the chain's randomness. */
  blsPublicKey: Hex
}

/** Who may vote at a height, by ascending address, and with what weight. */
export interface ValidatorSet {
  readonly validators: readonly Validator[]
  readonly totalPower: bigint
  powerOf(address: Hex): bigint
  memberOf(address: Hex): Validator | null
}

/** @throws CodedError `INVALID_VALIDATORS` when empty, doubled, with a power that is not positive or a BLS key of another size. */
export function createValidatorSet(members: readonly Validator[]): ValidatorSet {
  const byAddress = new Map<Hex, Validator>()
  for (const { address, power, blsPublicKey } of members) {
    if (!/^0x[0-9a-f]{40}$/.test(address))
      throw new CodedError('INVALID_VALIDATORS', `Not a lower-case address: ${address}`)
    if (power <= 0n)
      throw new CodedError('INVALID_VALIDATORS', `Validator ${address} has no voting power`)
    if (!/^0x[0-9a-f]{96}$/.test(blsPublicKey))
      throw new CodedError('INVALID_VALIDATORS', `Validator ${address} has no BLS key of 48 bytes`)
    if (byAddress.has(address))
      throw new CodedError('INVALID_VALIDATORS', `Validator ${address} is listed twice`)
    byAddress.set(address, { address, power, blsPublicKey })
  }
  if (byAddress.size === 0) throw new CodedError('INVALID_VALIDATORS', 'A chain needs a validator')
  const validators = [...byAddress.values()].sort((a, b) => (a.address < b.address ? -1 : 1))
  const totalPower = validators.reduce((sum, { power }) => sum + power, 0n)
  return {
    validators,
    totalPower,
    powerOf: (address) => byAddress.get(address)?.power ?? 0n,
    memberOf: (address) => byAddress.get(address) ?? null,
  }
}

/** More than two thirds: any two quorums share an honest validator. */
export function isQuorum(set: ValidatorSet, power: bigint): boolean {
  return 3n * power > 2n * set.totalPower
}

/** More than a third: at least one of them is honest. */
export function isHonestShare(set: ValidatorSet, power: bigint): boolean {
  return 3n * power > set.totalPower
}
