import type { Hex } from '@quoin/kernel'
import type { Transaction } from '../interface.ts'
import type { Rules } from './rules.ts'

export interface GasFields {
  to: Hex | null
  input: Hex
  accessList?: Transaction['accessList'] | undefined
  authorizationList?: Transaction['authorizationList'] | null | undefined
}

/** Gas that a transaction costs before any code runs (Yellow Paper, 6.2, as changed by EIPs). */
export function intrinsicGas(transaction: GasFields, rules: Rules): bigint {
  const { zeros, nonZeros } = countBytes(transaction.input)
  let gas = 21000 + 4 * zeros + (rules.istanbul ? 16 : 68) * nonZeros
  if (transaction.to === null) {
    if (rules.homestead) gas += 32000
    // EIP-3860
    if (rules.shanghai) gas += 2 * Math.ceil((zeros + nonZeros) / 32)
  }
  // EIP-2930
  for (const { storageKeys } of transaction.accessList ?? [])
    gas += 2400 + 1900 * storageKeys.length
  // EIP-7702
  gas += 25000 * (transaction.authorizationList?.length ?? 0)
  return BigInt(gas)
}

/** The least that a transaction costs for its data (EIP-7623). */
export function floorGas(transaction: GasFields, rules: Rules): bigint {
  if (!rules.prague) return 0n
  const { zeros, nonZeros } = countBytes(transaction.input)
  return BigInt(21000 + 10 * (zeros + 4 * nonZeros))
}

function countBytes(input: Hex): { zeros: number; nonZeros: number } {
  const total = (input.length - 2) / 2
  let zeros = 0
  for (let i = 2; i < input.length; i += 2)
    if (input.charCodeAt(i) === 48 && input.charCodeAt(i + 1) === 48) zeros++
  return { zeros, nonZeros: total - zeros }
}
