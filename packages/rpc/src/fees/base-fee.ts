import type { Header } from '@quoin/execution'

const elasticity = 2n
const changeDenominator = 8n

/** The base fee of the block after `parent` (EIP-1559); undefined before the London fork. */
export function nextBaseFee(parent: Header): bigint | undefined {
  const baseFee = parent.baseFeePerGas
  if (baseFee === undefined) return undefined
  const target = parent.gasLimit / elasticity
  if (parent.gasUsed === target) return baseFee
  if (parent.gasUsed > target) {
    const rise = (baseFee * (parent.gasUsed - target)) / target / changeDenominator
    return baseFee + (rise > 1n ? rise : 1n)
  }
  return baseFee - (baseFee * (target - parent.gasUsed)) / target / changeDenominator
}

const minBlobBaseFee = 1n
const blobUpdateFraction = 5_007_716n
const targetBlobGas = 6n * 131_072n
export const maxBlobGas = 9n * 131_072n

/** The blob base fee of a block (EIP-4844 with Prague's parameters, EIP-7691). */
export function blobBaseFee(excessBlobGas: bigint): bigint {
  let sum = 0n
  let term = minBlobBaseFee * blobUpdateFraction
  for (let i = 1n; term > 0n; i++) {
    sum += term
    term = (term * excessBlobGas) / (blobUpdateFraction * i)
  }
  return sum / blobUpdateFraction
}

/** The blob base fee of the block after `parent`; undefined before the Cancun fork. */
export function nextBlobBaseFee(parent: Header): bigint | undefined {
  if (parent.excessBlobGas === undefined) return undefined
  const total = parent.excessBlobGas + (parent.blobGasUsed ?? 0n)
  return blobBaseFee(total > targetBlobGas ? total - targetBlobGas : 0n)
}
