import type { Rules } from '../evm/rules.ts'
import type { BlockFees, Header } from '../interface.ts'
import type { ForkSchedule } from './forks.ts'

/** EIP-1559: the base fee of the block after `parent`. `first` is whether `parent` was before London. */
export function nextBaseFee(parent: Header): bigint {
  const { baseFeePerGas: fee, gasUsed } = parent
  if (fee === undefined) return 1_000_000_000n
  const target = parent.gasLimit / 2n
  if (gasUsed === target) return fee
  if (gasUsed > target) {
    const rise = (fee * (gasUsed - target)) / target / 8n
    return fee + (rise > 0n ? rise : 1n)
  }
  return fee - (fee * (target - gasUsed)) / target / 8n
}

const gasPerBlob = 131072n
const blobBaseCost = 8192n

/** EIP-4844, EIP-7918: how far blobs are above their target. `rules` are those of the new block. */
export function nextExcessBlobGas(parent: Header, rules: Rules): bigint {
  const { blob } = rules
  const { excessBlobGas = 0n, blobGasUsed = 0n, baseFeePerGas = 0n } = parent
  if (blob === null || excessBlobGas + blobGasUsed < blob.target) return 0n
  if (rules.osaka && blobBaseCost * baseFeePerGas > gasPerBlob * blobBaseFee(excessBlobGas, rules))
    return excessBlobGas + (blobGasUsed * (blob.max - blob.target)) / blob.max
  return excessBlobGas + blobGasUsed - blob.target
}

/** EIP-4844: the price of a unit of blob gas, by the Taylor expansion of e^(excess / fraction). */
export function blobBaseFee(excessBlobGas: bigint | undefined, rules: Rules): bigint {
  if (rules.blob === null || excessBlobGas === undefined) return 0n
  const { updateFraction } = rules.blob
  let sum = 0n
  let term = updateFraction
  for (let i = 1n; term > 0n; i++) {
    sum += term
    term = (term * excessBlobGas) / (updateFraction * i)
  }
  return sum / updateFraction
}

/** What gas and blob gas cost in a block, and will in the next one. */
export function feesOfBlock(header: Header, forks: ForkSchedule): BlockFees {
  const rules = forks.rulesAt(header.number, header.timestamp)
  const nextRules = forks.rulesAt(header.number + 1n, header.timestamp + 1n)
  const excess = nextExcessBlobGas(header, nextRules)
  return {
    baseFeePerGas: header.baseFeePerGas ?? null,
    blobBaseFee: rules.blob === null ? null : blobBaseFee(header.excessBlobGas, rules),
    maxBlobGas: rules.blob?.max ?? 0n,
    next: {
      baseFeePerGas: nextRules.london ? nextBaseFee(header) : null,
      blobBaseFee: nextRules.blob === null ? null : blobBaseFee(excess, nextRules),
    },
  }
}
