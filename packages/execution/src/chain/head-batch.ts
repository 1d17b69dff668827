import type { Hex } from '@quoin/kernel'
import type { Block } from '../interface.ts'
import { type Candidate, storedForm } from './candidate.ts'
import type { Pointers, StoreBatch } from './store.ts'

/** Blocks to add, lowest first, and to remove, highest first, on the way to another head. */
export interface HeadPath {
  added: Block[]
  removed: Block[]
}

/** All that a new head changes on disk. Removals come first: a number or transaction may be in both. */
export function headBatch(
  { added, removed }: HeadPath,
  pointers: Pointers,
  candidate: (hash: Hex) => Candidate | undefined,
): StoreBatch {
  const batch: StoreBatch = { blocks: [], canonical: [], transactions: [], pointers }
  for (const { header, transactions } of removed) {
    batch.canonical.push({ number: header.number, hash: null })
    for (const { hash } of transactions)
      batch.transactions.push({ hash, blockHash: null, index: 0 })
  }
  for (const { header, transactions } of added) {
    const fresh = candidate(header.hash)
    if (fresh !== undefined) batch.blocks.push(storedForm(fresh))
    batch.canonical.push({ number: header.number, hash: header.hash })
    for (const [index, { hash }] of transactions.entries())
      batch.transactions.push({ hash, blockHash: header.hash, index })
  }
  return batch
}
