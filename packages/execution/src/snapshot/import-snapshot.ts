import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExecutionPayload } from '@quoin/engine'
import { CodedError, type Hex } from '@quoin/kernel'
import { Chain } from '../chain/chain.ts'
import { ForkSchedule } from '../chain/forks.ts'
import { type GethGenesis, parseGenesis } from '../chain/genesis-schema.ts'
import { payloadToBlock } from '../chain/payload.ts'
import { Store, type StoredBlock } from '../chain/store.ts'
import { encodeBlock } from '../codec/block.ts'
import { fromHex } from '../codec/bytes.ts'
import { encodeHeader } from '../codec/header.ts'
import type { Block } from '../interface.ts'
import { type FetchParts, fetchState, type StateProgress } from './fetch-state.ts'

/** A block as consensus has it. */
export interface SnapshotBlock {
  payload: ExecutionPayload
  parentBeaconBlockRoot: Hex
  executionRequests: readonly Hex[]
}

export interface SnapshotOptions {
  /** As for `openExecution`; nobody may have it open. */
  dataDir: string
  genesis: GethGenesis
  /**
   * Oldest first and each the parent of the next; the caller vouches for the last one, hence for all. The
   * state after the last one is brought. Contracts can look up as many block hashes (at most 256 are read)
   * as there are blocks here.
   */
  blocks: readonly SnapshotBlock[]
  fetch: FetchParts
  signal: AbortSignal
  onProgress?: (progress: StateProgress) => void
}

/**
 * Begins a data folder at a block that others executed: its state is brought and checked against the
 * block's state root, then the block becomes the head. A stop loses nothing: the next call goes on.
 * @throws CodedError INVALID_BLOCK, STATE_UNAVAILABLE, SNAPSHOT_NOT_NEEDED when the folder is further
 */
export async function importSnapshot(options: SnapshotOptions): Promise<void> {
  const { dataDir, genesis, fetch, signal, onProgress } = options
  const blocks = linkedBlocks(options.blocks)
  const last = blocks.at(-1)
  if (!last) throw new CodedError('INVALID_BLOCK', 'A snapshot has at least one block')
  await mkdir(dataDir, { recursive: true })
  await using store = await Store.open(join(dataDir, 'chain'))
  const chain = await Chain.open(store, new ForkSchedule(genesis), parseGenesis(genesis))
  if (chain.head.hash === last.header.hash) return
  if (chain.head.number >= last.header.number)
    throw new CodedError(
      'SNAPSHOT_NOT_NEEDED',
      `The chain data are at block ${chain.head.number} already, the snapshot is of block ${last.header.number}`,
    )
  const progress = onProgress ? { onProgress } : {}
  await fetchState(store, fromHex(last.header.stateRoot), { fetch, signal, ...progress })
  signal.throwIfAborted()
  await store.flush()
  await store.write({
    blocks: blocks.map(storedWithoutReceipts),
    canonical: blocks.map(({ header: { number, hash } }) => ({ number, hash })),
    transactions: blocks.flatMap(({ header, transactions }) =>
      transactions.map(({ hash }, index) => ({ hash, blockHash: header.hash, index })),
    ),
    historyStart: blocks[0]?.header.number ?? last.header.number,
    pointers: { head: last.header.hash, safe: last.header.hash, finalized: last.header.hash },
  })
}

function linkedBlocks(blocks: readonly SnapshotBlock[]): Block[] {
  const decoded: Block[] = []
  for (const { payload, parentBeaconBlockRoot, executionRequests } of blocks) {
    const sidecar = { parentBeaconBlockRoot, executionRequests, blobVersionedHashes: [] }
    const { block } = payloadToBlock(payload, sidecar, () => null)
    const parent = decoded.at(-1)
    if (parent && parent.header.hash !== block.header.parentHash)
      throw new CodedError(
        'INVALID_BLOCK',
        `Block ${block.header.number} of the snapshot does not follow block ${parent.header.number}`,
      )
    decoded.push(block)
  }
  return decoded
}

function storedWithoutReceipts({ header, transactions, withdrawals }: Block): StoredBlock {
  return {
    hash: header.hash,
    header: encodeHeader(header),
    block: encodeBlock(header, transactions, withdrawals),
    senders: Buffer.from(transactions.map(({ from }) => from.slice(2)).join(''), 'hex'),
    receipts: null,
    state: { nodes: [], code: [] },
  }
}
