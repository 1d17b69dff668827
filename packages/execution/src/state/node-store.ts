import { CodedError } from '@quoin/kernel'
import type { Store } from '../chain/store.ts'
import { Trie } from './trie.ts'
import { decodeNode, type TrieNode } from './trie-node.ts'

/** What one block adds to the state's store: nodes and code by their hashes. */
export interface StateWrites {
  nodes: { key: string; hash: Uint8Array; encoded: Uint8Array }[]
  code: { hash: Uint8Array; code: Uint8Array }[]
}

/**
 * Trie nodes and code: on disk, or of candidate blocks that are not on disk yet. Tries that were
 * used lately stay decoded in memory up to about `nodeLimit` nodes; then all are read afresh.
 */
export class NodeStore {
  readonly #store: Pick<Store, 'node' | 'code'>
  readonly #pendingNodes = new Map<string, Uint8Array>()
  readonly #pendingCode = new Map<string, Uint8Array>()
  readonly #code = new Map<string, Uint8Array>()
  readonly #tries = new Map<string, Trie>()
  readonly #nodeLimit: number
  #nodeCount = 0

  constructor(
    store: Pick<Store, 'node' | 'code'>,
    { nodeLimit = 300_000 }: { nodeLimit?: number } = {},
  ) {
    this.#store = store
    this.#nodeLimit = nodeLimit
  }

  readonly load = (ref: Uint8Array): TrieNode => {
    this.#nodeCount++
    const hash = ref.subarray(1)
    const encoded = this.#pendingNodes.get(hashKey(hash)) ?? this.#store.node(hash)
    if (encoded === undefined)
      throw new CodedError(
        'STATE_MISSING',
        `missing trie node ${Buffer.from(hash).toString('hex')}: the state is not kept`,
      )
    return decodeNode(encoded, ref)
  }

  /** The trie with this root. Fork it before changing it. */
  trie(rootHash: Uint8Array): Trie {
    const key = hashKey(rootHash)
    const known = this.#tries.get(key)
    if (known !== undefined) {
      this.#tries.delete(key)
      this.#tries.set(key, known)
      return known
    }
    const trie = Trie.at(rootHash, this.load)
    this.remember(rootHash, trie)
    return trie
  }

  /** Keeps a sealed trie in memory for those who ask for its root next. */
  remember(rootHash: Uint8Array, trie: Trie): void {
    this.#tries.set(hashKey(rootHash), trie)
    if (this.#tries.size > 1024) {
      const oldest = this.#tries.keys().next()
      if (!oldest.done) this.#tries.delete(oldest.value)
    }
  }

  code(hash: Uint8Array): Uint8Array {
    const key = hashKey(hash)
    let code = this.#pendingCode.get(key) ?? this.#code.get(key)
    if (code === undefined) {
      code = this.#store.code(hash)
      if (code === undefined)
        throw new Error(`The store lacks the code ${Buffer.from(hash).toString('hex')}`)
      if (this.#code.size > 512) this.#code.clear()
      this.#code.set(key, code)
    }
    return code
  }

  hasRoot(rootHash: Uint8Array): boolean {
    const key = hashKey(rootHash)
    return this.#pendingNodes.has(key) || this.#store.node(rootHash) !== undefined
  }

  /** Makes a candidate's nodes readable before they are on disk. */
  addPending(writes: StateWrites): void {
    for (const { key, encoded } of writes.nodes) this.#pendingNodes.set(key, encoded)
    for (const { hash, code } of writes.code) this.#pendingCode.set(hashKey(hash), code)
    this.#nodeCount += writes.nodes.length
  }

  /** Decoded nodes may be of states that are gone from the disk. */
  forgetTries(): void {
    this.#tries.clear()
    this.#nodeCount = this.#pendingNodes.size
  }

  /** Forgets all pending nodes but those of `remaining`: what left is on disk or abandoned. */
  resetPending(remaining: Iterable<StateWrites>): void {
    this.#pendingNodes.clear()
    this.#pendingCode.clear()
    for (const writes of remaining) {
      for (const { key, encoded } of writes.nodes) this.#pendingNodes.set(key, encoded)
      for (const { hash, code } of writes.code) this.#pendingCode.set(hashKey(hash), code)
    }
    if (this.#nodeCount <= this.#nodeLimit) return
    this.#nodeCount = this.#pendingNodes.size
    this.#tries.clear()
  }
}

/** A hash as a compact map key. */
export function hashKey(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1')
}
