import { setTimeout as delay } from 'node:timers/promises'
import { type DecidedBlock, isWhole, maxBlocksPerRequest, type Transport } from '@quoin/consensus'
import { blockId } from '@quoin/headers'
import type { Hex, Logger } from '@quoin/kernel'
import type { Network } from '@quoin/network'
import { syncError } from './errors.ts'
import { somePeers } from './some-peers.ts'

/** Blocks that come with a snapshot: BLOCKHASH reaches this far back. */
export const windowBlocks = 256
/** All of an answer. */
const deadlineMs = 30_000
const rounds = 3
const pauseMs = 500

/**
 * The proven block and those before it, ascending: each is the one whose id the next one names.
 * @throws CodedError `SNAPSHOT_UNAVAILABLE`
 */
export async function fetchWindow(options: {
  network: Pick<Network, 'peers' | 'onPeer' | 'report'>
  requestBlocks: Transport['requestBlocks']
  target: { height: number; id: Hex }
  signal: AbortSignal
  logger: Logger
}): Promise<DecidedBlock[]> {
  const { target } = options
  const lowest = Math.max(1, target.height - windowBlocks + 1)
  const window: DecidedBlock[] = []
  let wanted = target
  while (wanted.height >= lowest) {
    const from = Math.max(lowest, wanted.height - maxBlocksPerRequest + 1)
    const blocks = await fetchChain(options, from, wanted)
    window.unshift(...blocks)
    const [first] = blocks
    if (!first) break
    wanted = { height: first.block.header.height - 1, id: first.block.header.parentId }
  }
  return window
}

/** Blocks up to the wanted one, linked by their ids, from the first peer that gives them. */
async function fetchChain(
  { network, requestBlocks, signal, logger }: Parameters<typeof fetchWindow>[0],
  from: number,
  wanted: { height: number; id: Hex },
): Promise<DecidedBlock[]> {
  const count = wanted.height - from + 1
  for (let round = 0; round < rounds; round++) {
    for (const peer of await somePeers(network, signal)) {
      const either = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
      try {
        const blocks = await requestAll(requestBlocks, peer, { from, count }, either)
        if (isLinked(blocks, wanted, count)) return blocks
        network.report(peer, blocks.length < count ? 'useless' : 'invalid')
      } catch (error) {
        signal.throwIfAborted()
        logger.debug({ peer, err: error }, 'a peer does not give its blocks')
      }
    }
    await delay(pauseMs * (round + 1), undefined, { signal })
  }
  throw syncError(
    'SNAPSHOT_UNAVAILABLE',
    `No peer gives the blocks ${from} to ${wanted.height}: try again when more peers are connected`,
  )
}

/** An answer may end before the range does, when its blocks are large. */
async function requestAll(
  requestBlocks: Transport['requestBlocks'],
  peer: string,
  { from, count }: { from: number; count: number },
  signal: AbortSignal,
): Promise<DecidedBlock[]> {
  const blocks: DecidedBlock[] = []
  while (blocks.length < count) {
    const range = { from: from + blocks.length, count: count - blocks.length }
    const more = await requestBlocks(peer, range, { signal })
    if (more.length === 0) break
    blocks.push(...more)
  }
  return blocks
}

function isLinked(
  blocks: readonly DecidedBlock[],
  wanted: { height: number; id: Hex },
  count: number,
): boolean {
  if (blocks.length !== count) return false
  let next = wanted
  for (const { id, block } of blocks.toReversed()) {
    const { header } = block
    if (id !== next.id || header.height !== next.height || blockId(header) !== id) return false
    if (!isWhole(block)) return false
    next = { height: header.height - 1, id: header.parentId }
  }
  return true
}
