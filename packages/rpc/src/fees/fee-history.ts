import type { Execution, Header } from '@quoin/execution'
import { bigintToHex, type Hex } from '@quoin/kernel'
import { requireReceipts } from '../methods/locate-block.ts'

/** Answer of eth_feeHistory. Lists of fees have one entry more than the blocks: the next block's. */
export interface FeeHistory {
  oldestBlock: Hex
  baseFeePerGas: Hex[]
  gasUsedRatio: number[]
  baseFeePerBlobGas: Hex[]
  blobGasUsedRatio: number[]
  reward?: Hex[][]
}

/** Fees of `headers`, consecutive from the oldest on, with tips at the given percentiles of gas. */
export async function feeHistory(
  execution: Execution,
  headers: Header[],
  percentiles: number[] | null,
): Promise<FeeHistory> {
  const fees = headers.map((header) => execution.fees(header))
  const next = fees.at(-1)?.next
  const history: FeeHistory = {
    oldestBlock: bigintToHex(headers[0]?.number ?? 0n),
    baseFeePerGas: [...fees, next].map((fee) => bigintToHex(fee?.baseFeePerGas ?? 0n)),
    gasUsedRatio: headers.map((header) => ratio(header.gasUsed, header.gasLimit)),
    baseFeePerBlobGas: [...fees, next].map((fee) => bigintToHex(fee?.blobBaseFee ?? 0n)),
    blobGasUsedRatio: headers.map((header, index) =>
      ratio(header.blobGasUsed ?? 0n, fees[index]?.maxBlobGas ?? 0n),
    ),
  }
  if (percentiles) {
    history.reward = []
    for (const header of headers)
      history.reward.push((await rewards(execution, header, percentiles)).map(bigintToHex))
  }
  return history
}

function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(part) / Number(whole)
}

/** The tips below which the given percentages of the block's gas were bought. */
async function rewards(
  execution: Execution,
  header: Header,
  percentiles: number[],
): Promise<bigint[]> {
  const receipts = header.gasUsed === 0n ? [] : await requireReceipts(execution, header)
  const sorted = receipts
    .map((receipt) => ({
      tip: receipt.effectiveGasPrice - (header.baseFeePerGas ?? 0n),
      gas: Number(receipt.gasUsed),
    }))
    .toSorted((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
  let index = 0
  let sum = sorted[0]?.gas ?? 0
  return percentiles.map((wanted) => {
    const threshold = Math.floor((Number(header.gasUsed) * wanted) / 100)
    while (sum < threshold && index < sorted.length - 1) sum += sorted[++index]?.gas ?? 0
    return sorted[index]?.tip ?? 0n
  })
}
