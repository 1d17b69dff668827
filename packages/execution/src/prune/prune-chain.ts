import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Chain } from '../chain/chain.ts'
import type { Store } from '../chain/store.ts'
import { fromHex } from '../codec/bytes.ts'
import { partsBelow, readPart, type StatePart } from '../snapshot/state-parts.ts'
import { emptyTrieRoot } from '../state/trie.ts'
import { HashSet } from './hash-set.ts'

export interface PruneOptions {
  /** How many blocks below the head keep their state, transactions and receipts. */
  keepBlocks: number
  /** Blocks whose state is kept besides: those that new nodes may begin from. */
  keepStatesAt?: readonly bigint[]
  signal: AbortSignal
}

export interface PruneResult {
  nodesKept: number
  nodesRemoved: number
  blocksRemoved: number
}

/** Between two slices of this length everyone else on the thread has a turn. */
const sliceMs = 4

/**
 * Removes what only old blocks need: their transactions and receipts, and state nodes that no kept state
 * refers to. Headers stay. Blocks may be added meanwhile; a stop at any point loses nothing that is kept.
 */
export async function pruneChain(
  chain: Chain,
  store: Store,
  { keepBlocks, keepStatesAt = [], signal }: PruneOptions,
): Promise<PruneResult> {
  const first = chain.head.number - BigInt(keepBlocks)
  const pause = createPause(signal)
  const fresh = new HashSet()
  const unsubscribe = store.onNodes((hash) => fresh.add(hash))
  try {
    // A block that was being written already is head after this, and marked with it.
    await store.settled()
    await nextTurn()
    const kept = new HashSet()
    for (let number = first < 0n ? 0n : first; number <= chain.head.number; number++)
      await mark(chain, store, number, kept, pause)
    for (const number of keepStatesAt) await mark(chain, store, number, kept, pause)
    const nodesRemoved = await sweepNodes(store, (hash) => kept.has(hash) || fresh.has(hash), pause)
    chain.nodes.forgetTries()
    const blocksRemoved = await removeBlocks(chain, store, first, pause)
    return { nodesKept: kept.size, nodesRemoved, blocksRemoved }
  } finally {
    unsubscribe()
  }
}

async function mark(
  chain: Chain,
  store: Store,
  number: bigint,
  kept: HashSet,
  pause: () => Promise<void>,
): Promise<void> {
  const hash = chain.canonicalHash(number)
  const header = hash === null ? null : chain.headerOf(hash)
  if (header === null) return
  const root = fromHex(header.stateRoot)
  if (Buffer.compare(root, emptyTrieRoot) === 0) return
  const waiting: StatePart[] = [{ kind: 'account node', hash: root }]
  for (let part = waiting.pop(); part; part = waiting.pop()) {
    await pause()
    if (!kept.add(part.hash)) continue
    const bytes = readPart(store, part)
    if (bytes) waiting.push(...partsBelow(part, bytes))
  }
}

async function sweepNodes(
  store: Store,
  isKept: (hash: Uint8Array) => boolean,
  pause: () => Promise<void>,
): Promise<number> {
  let removed = 0
  for await (const hashes of store.nodeHashes()) {
    const unneeded = hashes.filter((hash) => !isKept(hash))
    await store.removeNodes(unneeded)
    removed += unneeded.length
    await pause()
  }
  return removed
}

/** Oldest first, so that a stop leaves none behind; the genesis stays. */
async function removeBlocks(
  chain: Chain,
  store: Store,
  first: bigint,
  pause: () => Promise<void>,
): Promise<number> {
  let removed = 0
  for (let number = store.historyStart(); number < first; number++) {
    const hash = chain.canonicalHash(number)
    const block = hash === null ? null : chain.blockOf(hash)
    const transactions = block?.transactions.map((each) => each.hash) ?? []
    await store.removeBlock(number, hash === null ? null : { hash, transactions })
    if (hash !== null) chain.forgetBlock(hash)
    if (block !== null) removed += 1
    await pause()
  }
  return removed
}

function createPause(signal: AbortSignal): () => Promise<void> {
  let sliceEnds = performance.now() + sliceMs
  return async () => {
    if (performance.now() < sliceEnds) return
    signal.throwIfAborted()
    await nextTurn()
    sliceEnds = performance.now() + sliceMs
  }
}
