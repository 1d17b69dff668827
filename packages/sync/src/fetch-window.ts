import { setTimeout as delay } from 'node:timers/promises'
import { type DecidedBlock, isWhole, maxBlocksPerRequest, type Transport } from '@quoin/consensus'
import { blockId } from '@quoin/headers'
import type { Hex, Logger } from '@quoin/kernel'
import type { Network, PeerId } from '@quoin/network'
import { type AnswerTimes, defaultTimes } from './answer-times.ts'
import { askInTurn } from './ask-in-turn.ts'
import { syncError } from './errors.ts'
import { Pace } from './pace.ts'
import { somePeers } from './some-peers.ts'

/** Blocks that come with a snapshot: BLOCKHASH reaches this far back. */
export const windowBlocks = 256
const rounds = 3
const pauseMs = 500

interface WindowOptions {
  network: Pick<Network, 'peers' | 'onPeer' | 'report'>
  requestBlocks: Transport['requestBlocks']
  target: { height: number; id: Hex }
  times?: AnswerTimes
  signal: AbortSignal
  logger: Logger
}

/**
 * The proven block and those before it, ascending: each is the one whose id the next one names.
 * @throws CodedError `SNAPSHOT_UNAVAILABLE`
 */
export async function fetchWindow(options: WindowOptions): Promise<DecidedBlock[]> {
  const { target } = options
  const pace = new Pace()
  const lowest = Math.max(1, target.height - windowBlocks + 1)
  const window: DecidedBlock[] = []
  let wanted = target
  while (wanted.height >= lowest) {
    const from = Math.max(lowest, wanted.height - maxBlocksPerRequest + 1)
    const blocks = await fetchChain({ ...options, pace, from, wanted })
    window.unshift(...blocks)
    const [first] = blocks
    if (!first) break
    wanted = { height: first.block.header.height - 1, id: first.block.header.parentId }
  }
  return window
}

interface ChainOptions extends WindowOptions {
  pace: Pace
  from: number
  wanted: { height: number; id: Hex }
}

/** Blocks up to the wanted one, linked by their ids, from the first peer that gives them. */
async function fetchChain(options: ChainOptions): Promise<DecidedBlock[]> {
  const { network, signal, times = defaultTimes, pace, from, wanted } = options
  let found: DecidedBlock[] | null = null
  for (let round = 0; round < rounds; round++) {
    const peers = await somePeers(network, signal)
    const tried = new Set<PeerId>()
    const next = () => {
      const peer = pace.best(peers, tried)
      if (peer !== undefined) tried.add(peer)
      return peer
    }
    const ask = async (peer: PeerId, signal: AbortSignal) => {
      const { blocks } = await pace.timed(peer, () => askFor(peer, { ...options, signal }))
      found ??= blocks
    }
    const { patienceMs } = times
    await askInTurn({ next, ask, isDone: () => found !== null, patienceMs, signal })
    if (found) return found
    await delay(pauseMs * (round + 1), undefined, { signal })
  }
  throw syncError(
    'SNAPSHOT_UNAVAILABLE',
    `No peer gives the blocks ${from} to ${wanted.height}: try again when more peers are connected`,
  )
}

/** The blocks, or null after a report of the peer. */
async function askFor(
  peer: PeerId,
  { network, requestBlocks, from, wanted, times = defaultTimes, signal, logger }: ChainOptions,
): Promise<{ gained: number; blocks: DecidedBlock[] | null }> {
  const count = wanted.height - from + 1
  const either = AbortSignal.any([signal, AbortSignal.timeout(times.deadlineMs)])
  try {
    const blocks = await requestAll(requestBlocks, peer, { from, count }, either)
    if (isLinked(blocks, wanted, count)) return { gained: count, blocks }
    network.report(peer, blocks.length < count ? 'useless' : 'invalid')
  } catch (error) {
    logger.debug({ peer, err: error }, 'a peer does not give its blocks')
    network.report(peer, 'useless')
  }
  return { gained: 0, blocks: null }
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
