import type { Execution, Header, Receipt } from '@quoin/execution'

const sampledBlocks = 20n
const sampledPerBlock = 3
const percentile = 60
const negligibleTip = 2n
const defaultTip = 1_000_000n
const maxTip = 500_000_000_000n

/**
 * A priority fee that recent blocks show to be enough, in wei per gas: the 60th percentile of the
 * lowest tips of the last 20 blocks, as geth's oracle; 0.001 gwei when they say nothing.
 */
export async function suggestTip({ blocks }: Execution): Promise<bigint> {
  const tips: bigint[] = []
  const { head } = blocks
  for (let back = 0n; back < sampledBlocks && back < head.number; back++) {
    const header = await blocks.headerByNumber(head.number - back)
    if (!header) break
    if (header.gasUsed === 0n) continue
    tips.push(...lowestTips(header, (await blocks.receipts(header.hash)) ?? []))
  }
  if (tips.length === 0) return defaultTip
  const sorted = tips.toSorted(compare)
  const tip = sorted[Math.floor(((sorted.length - 1) * percentile) / 100)] ?? defaultTip
  return tip < maxTip ? tip : maxTip
}

function lowestTips(header: Header, receipts: Receipt[]): bigint[] {
  return receipts
    .filter((receipt) => receipt.from !== header.miner)
    .map((receipt) => receipt.effectiveGasPrice - (header.baseFeePerGas ?? 0n))
    .filter((tip) => tip >= negligibleTip)
    .toSorted(compare)
    .slice(0, sampledPerBlock)
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
