import { asertTarget } from './asert.ts'
import { difficultyToTarget, targetToWork } from './work.ts'

/** A block as difficulty algorithms see it: time in seconds, difficulty in expected hashes. */
export interface SeenBlock {
  time: number
  difficulty: number
}

export type DifficultyAlgorithm = (chain: readonly SeenBlock[], blockTime: number) => number

/** ASERT as the engine has it, with a half-life in blocks. */
export function createAsert(halfLifeBlocks: number): DifficultyAlgorithm {
  return (chain, blockTime) => {
    const [first] = chain
    const last = chain.at(-1)
    if (!first || !last) return 1
    const blockMs = BigInt(blockTime * 1000)
    const target = asertTarget(
      BigInt(Math.round((last.time - first.time) * 1000)) + blockMs,
      BigInt(chain.length - 1),
      {
        anchorTarget: difficultyToTarget(BigInt(Math.round(first.difficulty))),
        maxTarget: 2n ** 255n,
        blockTime: blockMs,
        halfLife: BigInt(halfLifeBlocks) * blockMs,
      },
    )
    return Number(targetToWork(target))
  }
}

/** Bitcoin's: every 2016 blocks, by at most a factor of four. Here after `window` blocks. */
export function createBitcoin(window: number): DifficultyAlgorithm {
  return (chain, blockTime) => {
    const last = chain.at(-1)
    const first = chain.at(-window)
    if (!last || !first || chain.length % window !== 0) return last?.difficulty ?? 1
    const wanted = window * blockTime
    const span = Math.min(Math.max(last.time - first.time, wanted / 4), wanted * 4)
    return (last.difficulty * wanted) / span
  }
}

/** Ethereum's before the merge (EIP-2, without the bomb): a 2048th up or down for each block. */
export const ethereum: DifficultyAlgorithm = (chain, blockTime) => {
  const last = chain.at(-1)
  const parent = chain.at(-2)
  if (!last || !parent) return last?.difficulty ?? 1
  const steps = 1 - Math.floor(((last.time - parent.time) * 10) / blockTime / 7.5)
  return Math.max(1, last.difficulty + (last.difficulty / 2048) * Math.max(steps, -99))
}

/** A linearly weighted moving average of the last `window` blocks (zawy12's LWMA). */
export function createLwma(window: number): DifficultyAlgorithm {
  return (chain, blockTime) => {
    const last = chain.at(-1)
    if (!last || chain.length <= window) return last?.difficulty ?? 1
    const recent = chain.slice(-window - 1)
    let weighted = 0
    let difficulty = 0
    for (const [index, block] of recent.entries()) {
      const before = recent[index - 1]
      if (!before) continue
      weighted += index * Math.min(block.time - before.time, 6 * blockTime)
      difficulty += block.difficulty
    }
    const least = (window * window * blockTime) / 20
    const wanted = (blockTime * window * (window + 1)) / 2
    return ((difficulty / window) * wanted) / Math.max(weighted, least)
  }
}
