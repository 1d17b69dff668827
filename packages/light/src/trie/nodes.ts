import type { RlpItem } from '@quoin/headers'

/** Merkle-Patricia tries of Ethereum (Yellow Paper, appendix D): paths in nibbles and their compact form. */
export function toNibbles(bytes: Uint8Array): number[] {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 15])
}

/** Hex-prefix encoding (Yellow Paper, appendix C). */
export function toCompact(nibbles: readonly number[], isLeaf: boolean): Uint8Array {
  const isOdd = nibbles.length % 2 === 1
  const flag = (isLeaf ? 2 : 0) + (isOdd ? 1 : 0)
  const all = isOdd ? [flag, ...nibbles] : [flag, 0, ...nibbles]
  return Uint8Array.from({ length: all.length / 2 }, (_, i) => {
    return ((all[2 * i] ?? 0) << 4) | (all[2 * i + 1] ?? 0)
  })
}

export type TrieNode =
  | { kind: 'branch'; children: readonly RlpItem[]; value: Uint8Array }
  | { kind: 'leaf'; path: number[]; value: Uint8Array }
  | { kind: 'extension'; path: number[]; child: RlpItem }

/** @throws Error when the item is no node */
export function parseNode(item: RlpItem): TrieNode {
  if (!Array.isArray(item)) throw new Error('a node is no list')
  if (item.length === 17) {
    const value = item[16]
    if (!(value instanceof Uint8Array)) throw new Error('a branch’s value is a list')
    return { kind: 'branch', children: item, value }
  }
  const [compact, target] = item
  if (item.length !== 2 || !(compact instanceof Uint8Array) || target === undefined)
    throw new Error('a node has neither 2 nor 17 items')
  const [flag, second, ...rest] = toNibbles(compact)
  if (flag === undefined || second === undefined || flag > 3 || (flag % 2 === 0 && second !== 0))
    throw new Error('a path is not in compact form')
  const path = flag % 2 === 1 ? [second, ...rest] : rest
  if (flag < 2) return { kind: 'extension', path, child: target }
  if (!(target instanceof Uint8Array)) throw new Error('a leaf’s value is a list')
  return { kind: 'leaf', path, value: target }
}
