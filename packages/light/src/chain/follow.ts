import type { BlockSource } from '../provider/block-source.ts'
import type { LightBlock } from './light-block.ts'
import { blockToPoint, type HeaderRules, judgeHeader, type TrustedPoint } from './verify-header.ts'

interface Walk {
  source: BlockSource
  rules: HeaderRules
  signal: AbortSignal
}

/**
 * Proves `target` from a trusted point below, by halves: where the trusted set's signatures are too few, a
 * block in the middle is proven first. Gives the points that were proven on the way, the target last.
 * @throws CodedError as `judgeHeader`, and those of the source
 */
export async function skipTo(
  target: LightBlock,
  trusted: TrustedPoint,
  { source, rules, signal }: Walk,
): Promise<TrustedPoint[]> {
  const proven: TrustedPoint[] = []
  const pending = [target]
  let lowest = trusted
  for (let block = pending.at(-1); block; block = pending.at(-1)) {
    if (judgeHeader(lowest, block, rules) === 'proven') {
      lowest = blockToPoint(block)
      proven.push(lowest)
      pending.pop()
    } else {
      const middle = Math.floor((lowest.height + block.header.height) / 2)
      pending.push(await source.blockAt(middle, signal))
    }
  }
  return proven
}

/** Proves every block from a trusted point up to `target`. Gives the last two points. */
export async function walkTo(
  target: LightBlock,
  trusted: TrustedPoint,
  { source, rules, signal }: Walk,
): Promise<TrustedPoint[]> {
  let points = [trusted]
  const last = target.header.height - 1
  const accept = (block: LightBlock) => {
    const below = points.at(-1) ?? trusted
    judgeHeader(below, block, rules)
    points = [below, blockToPoint(block)]
  }
  for await (const blocks of source.range(trusted.height + 1, last, signal)) blocks.forEach(accept)
  accept(target)
  return points.filter((point) => point !== trusted)
}
