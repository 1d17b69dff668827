import type { PublicClient } from 'viem'

/** EIP-1559 fees in wei per gas. */
export interface Fees {
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
}

/** Reads fees at most once per `maxAgeMs`, whatever the number of callers. */
export function createFeeReader(client: PublicClient, maxAgeMs: number): () => Promise<Fees> {
  let current: { fees: Promise<Fees>; readAt: number } | null = null
  return () => {
    const now = performance.now()
    if (current === null || now - current.readAt > maxAgeMs) {
      const fees = readFees(client)
      const entry = { fees, readAt: now }
      fees.catch(() => {
        if (current === entry) current = null
      })
      current = entry
    }
    return current.fees
  }
}

/** Room for the base fee to double before the transaction is left behind. */
async function readFees(client: PublicClient): Promise<Fees> {
  const [block, maxPriorityFeePerGas] = await Promise.all([
    client.getBlock({ blockTag: 'latest' }),
    client.estimateMaxPriorityFeePerGas(),
  ])
  const baseFee = block.baseFeePerGas ?? 0n
  return { maxFeePerGas: baseFee * 2n + maxPriorityFeePerGas, maxPriorityFeePerGas }
}

/** The least that nodes accept as a replacement is 10 % more of both; we give an eighth and what is current. */
export function bumpFees(old: Fees, current: Fees): Fees {
  const maxPriorityFeePerGas = larger(
    raised(old.maxPriorityFeePerGas),
    current.maxPriorityFeePerGas,
  )
  const maxFeePerGas = larger(raised(old.maxFeePerGas), current.maxFeePerGas)
  return { maxFeePerGas: larger(maxFeePerGas, maxPriorityFeePerGas), maxPriorityFeePerGas }
}

function raised(fee: bigint): bigint {
  return fee + fee / 8n + 1n
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
