import { CodedError, type Hex } from '@quoin/kernel'

export interface Validator {
  /** Lower-case address of the secp256k1 key that signs. */
  address: Hex
  power: bigint
}

/** Who may vote at a height, by ascending address, and with what weight. */
export interface ValidatorSet {
  readonly validators: readonly Validator[]
  readonly totalPower: bigint
  powerOf(address: Hex): bigint
}

/** @throws CodedError `INVALID_VALIDATORS` when empty, doubled, or with a power that is not positive. */
export function createValidatorSet(members: readonly Validator[]): ValidatorSet {
  const powers = new Map<Hex, bigint>()
  for (const { address, power } of members) {
    if (!/^0x[0-9a-f]{40}$/.test(address))
      throw new CodedError('INVALID_VALIDATORS', `Not a lower-case address: ${address}`)
    if (power <= 0n)
      throw new CodedError('INVALID_VALIDATORS', `Validator ${address} has no voting power`)
    if (powers.has(address))
      throw new CodedError('INVALID_VALIDATORS', `Validator ${address} is listed twice`)
    powers.set(address, power)
  }
  if (powers.size === 0) throw new CodedError('INVALID_VALIDATORS', 'A chain needs a validator')
  const validators = [...powers]
    .map(([address, power]) => ({ address, power }))
    .sort((a, b) => (a.address < b.address ? -1 : 1))
  const totalPower = validators.reduce((sum, { power }) => sum + power, 0n)
  return { validators, totalPower, powerOf: (address) => powers.get(address) ?? 0n }
}

/** More than two thirds: any two quorums share an honest validator. */
export function isQuorum(set: ValidatorSet, power: bigint): boolean {
  return 3n * power > 2n * set.totalPower
}

/** More than a third: at least one of them is honest. */
export function isHonestShare(set: ValidatorSet, power: bigint): boolean {
  return 3n * power > set.totalPower
}
