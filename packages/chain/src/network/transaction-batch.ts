import { decodeRlp, encodeRlp, toList } from '@quoin/headers'
import { CodedError } from '@quoin/kernel'

/** As the pool has it: one encoded transaction. */
const maxTransactionBytes = 128 * 1024
const maxTransactions = 1024
/** A batch is closed when it has reached this. */
const fullBytes = 64 * 1024

/** The most that a batch can have: nearly full, and then one of the largest. */
export const maxBatchBytes = fullBytes + maxTransactionBytes + maxTransactions * 4

/** Raw transactions in messages of bounded size, each the RLP list of theirs. */
export function encodeBatches(raws: readonly Uint8Array[]): Uint8Array[] {
  const batches: Uint8Array[] = []
  let open: Uint8Array[] = []
  let bytes = 0
  for (const raw of raws) {
    open.push(raw)
    bytes += raw.length
    if (bytes < fullBytes && open.length < maxTransactions) continue
    batches.push(encodeRlp(open))
    open = []
    bytes = 0
  }
  if (open.length > 0) batches.push(encodeRlp(open))
  return batches
}

/** Null for what is no batch. */
export function decodeBatch(bytes: Uint8Array): Uint8Array[] | null {
  if (bytes.length > maxBatchBytes) return null
  try {
    const items = toList(decodeRlp(bytes), 'transactions')
    if (items.length === 0 || items.length > maxTransactions) return null
    const raws = items.filter((item) => item instanceof Uint8Array)
    const isGood = raws.every(({ length }) => length > 0 && length <= maxTransactionBytes)
    return isGood && raws.length === items.length ? raws : null
  } catch (error) {
    if (error instanceof CodedError) return null
    throw error
  }
}
