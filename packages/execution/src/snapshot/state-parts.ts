import type { Store } from '../chain/store.ts'
import { decodeAccount, emptyCodeHash } from '../state/account.ts'
import { emptyTrieRoot } from '../state/trie.ts'
import { decodeNode, type TrieNode } from '../state/trie-node.ts'

/** A piece of a state, known by the keccak256 of its bytes. */
export interface StatePart {
  kind: 'account node' | 'storage node' | 'code'
  hash: Uint8Array
}

/** What a part refers to: with all of them, and theirs, the state is whole. */
export function partsBelow({ kind, hash }: StatePart, encoded: Uint8Array): StatePart[] {
  if (kind === 'code') return []
  const parts: StatePart[] = []
  collect(decodeNode(encoded, hash), kind, parts)
  return parts
}

function collect(node: TrieNode, kind: 'account node' | 'storage node', parts: StatePart[]): void {
  switch (node.kind) {
    case 0:
      if (kind === 'account node') parts.push(...partsOfAccount(node.value))
      break
    case 1:
      collect(node.child, kind, parts)
      break
    case 2:
      for (const child of node.children) if (child !== null) collect(child, kind, parts)
      break
    case 3:
      parts.push({ kind, hash: node.ref.subarray(1) })
  }
}

function partsOfAccount(value: Uint8Array): StatePart[] {
  const { storageRoot, codeHash } = decodeAccount(value)
  const parts: StatePart[] = []
  if (Buffer.compare(storageRoot, emptyTrieRoot) !== 0)
    parts.push({ kind: 'storage node', hash: storageRoot })
  if (Buffer.compare(codeHash, emptyCodeHash) !== 0) parts.push({ kind: 'code', hash: codeHash })
  return parts
}

export function readPart(store: Pick<Store, 'node' | 'code'>, { kind, hash }: StatePart) {
  return kind === 'code' ? store.code(hash) : store.node(hash)
}
