import { lightError } from '../errors.ts'
import type { BlockSource } from '../provider/block-source.ts'
import type { LightBlock } from './light-block.ts'
import { blockToPoint, type TrustedPoint } from './verify-header.ts'

/** Further back than that, ask a node that is nearer to the root of trust, or give a checkpoint. */
const mostBlocks = 100_000

const batch = 128

/** Every block from the one below a trusted block down to `height`: each is named by the one above it. */
export async function* ancestors(
  above: TrustedPoint,
  height: number,
  { source, signal }: { source: BlockSource; signal: AbortSignal },
): AsyncGenerator<LightBlock> {
  if (above.height - height > mostBlocks)
    throw lightError(
      'TOO_MUCH',
      `Height ${height} is ${above.height - height} blocks below the next trusted one, at most ${mostBlocks} are followed back`,
    )
  let expected = above.block?.header.parentId
  for (let top = above.height - 1; top >= height; top -= batch) {
    const from = Math.max(height, top - batch + 1)
    const blocks: LightBlock[] = []
    for await (const part of source.range(from, top, signal)) blocks.push(...part)
    for (const block of blocks.toReversed()) {
      if (block.id !== expected)
        throw lightError(
          'SERVER_LIED',
          `${source.name} has another block at height ${block.header.height} than the block above it names`,
        )
      expected = block.header.parentId
      yield block
    }
  }
}

/** Proves a block by the hash links from a trusted block above: no signature and no trusting period matters. */
export async function descendTo(
  height: number,
  above: TrustedPoint,
  walk: { source: BlockSource; signal: AbortSignal },
): Promise<TrustedPoint> {
  let last: LightBlock | null = null
  for await (const block of ancestors(above, height, walk)) last = block
  if (!last)
    throw lightError('NOT_AVAILABLE', `${walk.source.name} has no block at height ${height}`)
  return blockToPoint(last)
}
