import { encodeBlock } from '../codec/block.ts'
import type { Header } from '../interface.ts'
import type { StateWrites } from '../state/node-store.ts'
import { storedForm } from './candidate.ts'
import type { Store } from './store.ts'

/** Begins a database with its genesis block and state. */
export async function storeGenesis(
  store: Store,
  header: Header,
  writes: StateWrites,
): Promise<void> {
  const genesis = storedForm({
    block: { header, transactions: [], uncles: [], size: 0 },
    receipts: [],
    cores: [],
    encoded: encodeBlock(header, [], header.withdrawalsRoot === undefined ? undefined : []),
    writes,
    requests: [],
    fees: 0n,
  })
  await store.write({
    blocks: [genesis],
    canonical: [{ number: 0n, hash: header.hash }],
    transactions: [],
    pointers: { head: header.hash, safe: null, finalized: null },
    genesis: header.hash,
  })
}
