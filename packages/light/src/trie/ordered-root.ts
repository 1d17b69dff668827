import { encodeRlp, numberItem, type RlpItem } from '@quoin/headers'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import { toCompact, toNibbles } from './nodes.ts'
import { emptyRoot } from './proven-value.ts'

interface Entry {
  path: number[]
  value: Uint8Array
}

/** Root of the trie of a list (transactions, receipts, withdrawals): RLP(index) → encoded item. */
export function orderedRoot(values: readonly Uint8Array[]): Hex {
  if (values.length === 0) return emptyRoot
  const entries = values.map((value, index) => ({
    path: toNibbles(encodeRlp(numberItem(index))),
    value,
  }))
  return bytesToHex(keccak256(encodeRlp(buildNode(entries, 0))))
}

/** Of at least one entry, all equal before `depth`; no path is the beginning of another. */
function buildNode(entries: readonly Entry[], depth: number): RlpItem[] {
  const [first] = entries
  if (!first) throw new Error('A node has at least one entry')
  if (entries.length === 1) return [toCompact(first.path.slice(depth), true), first.value]
  let shared = depth
  while (entries.every(({ path }) => path[shared] === first.path[shared])) shared++
  if (shared > depth)
    return [toCompact(first.path.slice(depth, shared), false), referTo(buildNode(entries, shared))]
  const groups = Map.groupBy(entries, ({ path }) => path[depth] ?? 0)
  const children = Array.from({ length: 16 }, (_, nibble): RlpItem => {
    const group = groups.get(nibble)
    return group ? referTo(buildNode(group, depth + 1)) : new Uint8Array()
  })
  return [...children, new Uint8Array()]
}

/** A node of less than 32 bytes stands for itself. */
function referTo(node: RlpItem[]): RlpItem {
  const bytes = encodeRlp(node)
  return bytes.length < 32 ? node : keccak256(bytes)
}
