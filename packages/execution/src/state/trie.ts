import { keccak256 } from '@quoin/keys'
import {
  type Branch,
  bytesToNibbles,
  createStub,
  encodeNode,
  type NodeSink,
  sealNode,
  type TrieNode,
} from './trie-node.ts'

export const emptyTrieRoot = keccak256(Uint8Array.of(0x80))

type LoadedNode = Exclude<TrieNode, { kind: 3 }>

/** Reads and decodes the node with this `ref`. @throws when the store does not have it */
export type NodeLoader = (ref: Uint8Array) => TrieNode

/**
 * One version of a Merkle-Patricia trie whose keys are never prefixes of one another (hashed keys,
 * RLP numbers). Versions share what they have in common; nodes are read from the store when needed.
 * Values are not empty.
 */
export class Trie {
  #root: TrieNode | null
  readonly #load: NodeLoader

  constructor(root: TrieNode | null, load: NodeLoader) {
    this.#root = root
    this.#load = load
  }

  static at(rootHash: Uint8Array, load: NodeLoader): Trie {
    return new Trie(
      Buffer.compare(rootHash, emptyTrieRoot) === 0 ? null : createStub(rootHash),
      load,
    )
  }

  /** A version that can be changed without this one noticing. Call `seal` on this one before. */
  fork(): Trie {
    return new Trie(this.#root, this.#load)
  }

  get(key: Uint8Array): Uint8Array | null {
    const path = bytesToNibbles(key)
    let depth = 0
    let node = this.#loadedRoot()
    while (node !== null) {
      if (node.kind === 2) node = this.#childOf(node, path[depth++] ?? 0)
      else {
        const shared = sharedLength(node.path, path, depth)
        if (shared < node.path.length) return null
        if (node.kind === 0) return node.value
        const child: LoadedNode = this.#loaded(node.child)
        node.child = child
        depth += shared
        node = child
      }
    }
    return null
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#root = this.#insert(this.#root, bytesToNibbles(key), 0, value)
  }

  delete(key: Uint8Array): void {
    if (this.#root !== null && this.get(key) !== null)
      this.#root = this.#remove(this.#root, bytesToNibbles(key), 0)
  }

  /** Hashes what is new and returns the root's hash. New nodes go to `sink`. */
  seal(sink: NodeSink | null = null): Uint8Array {
    if (this.#root === null) return emptyTrieRoot
    return sealNode(this.#root, sink, true).subarray(1)
  }

  /** The encoded nodes from the root towards `key`: a proof of its value or of its absence. */
  prove(key: Uint8Array): Uint8Array[] {
    this.seal()
    const path = bytesToNibbles(key)
    const proof: Uint8Array[] = []
    let depth = 0
    let node = this.#loadedRoot()
    while (node !== null) {
      if (proof.length === 0 || node.ref?.length === 33)
        proof.push(Uint8Array.from(encodeNode(node)))
      if (node.kind === 2) node = this.#childOf(node, path[depth++] ?? 0)
      else {
        const shared = sharedLength(node.path, path, depth)
        if (node.kind === 0 || shared < node.path.length) break
        depth += shared
        node = this.#loaded(node.child)
      }
    }
    return proof
  }

  #loadedRoot(): LoadedNode | null {
    if (this.#root === null) return null
    const node = this.#loaded(this.#root)
    this.#root = node
    return node
  }

  #loaded(node: TrieNode): LoadedNode {
    if (node.kind !== 3) return node
    const loaded = this.#load(node.ref)
    if (loaded.kind === 3) throw new Error('A stored node is never a stub')
    return loaded
  }

  #childOf(branch: Branch, nibble: number): LoadedNode | null {
    const child = branch.children[nibble] ?? null
    if (child === null) return null
    const loaded = this.#loaded(child)
    branch.children[nibble] = loaded
    return loaded
  }

  #insert(node: TrieNode | null, path: Uint8Array, depth: number, value: Uint8Array): TrieNode {
    if (node === null) return { kind: 0, path: path.subarray(depth), value, ref: null }
    if (node.kind === 3) return this.#insert(this.#loaded(node), path, depth, value)
    if (node.kind === 2) {
      const branch = writable(node)
      const nibble = path[depth] ?? 0
      branch.children[nibble] = this.#insert(
        branch.children[nibble] ?? null,
        path,
        depth + 1,
        value,
      )
      return branch
    }
    const shared = sharedLength(node.path, path, depth)
    if (shared === node.path.length) {
      if (node.kind === 0) return { kind: 0, path: node.path, value, ref: null }
      const child = this.#insert(node.child, path, depth + shared, value)
      return { kind: 1, path: node.path, child, ref: null }
    }
    const branch: Branch = { kind: 2, children: new Array(16).fill(null), ref: null }
    const rest = node.path.subarray(shared + 1)
    branch.children[node.path[shared] ?? 0] =
      node.kind === 0
        ? { kind: 0, path: rest, value: node.value, ref: null }
        : extend(rest, node.child)
    branch.children[path[depth + shared] ?? 0] = {
      kind: 0,
      path: path.subarray(depth + shared + 1),
      value,
      ref: null,
    }
    return extend(node.path.subarray(0, shared), branch)
  }

  /** `path` is known to be in the trie. */
  #remove(node: TrieNode, path: Uint8Array, depth: number): TrieNode | null {
    if (node.kind === 3) return this.#remove(this.#loaded(node), path, depth)
    if (node.kind === 0) return null
    if (node.kind === 1) {
      const child = this.#remove(node.child, path, depth + node.path.length)
      return child === null ? null : extend(node.path, child)
    }
    const branch = writable(node)
    const nibble = path[depth] ?? 0
    const child = branch.children[nibble] ?? null
    branch.children[nibble] = child === null ? null : this.#remove(child, path, depth + 1)
    return this.#collapse(branch)
  }

  /** A branch with a single child becomes that child with a longer path. */
  #collapse(branch: Branch): TrieNode {
    let only = -1
    for (let i = 0; i < 16; i++)
      if (branch.children[i]) {
        if (only !== -1) return branch
        only = i
      }
    const child = branch.children[only]
    if (!child) throw new Error('A branch has at least two children')
    return extend(Uint8Array.of(only), this.#loaded(child))
  }
}

/** Root of the trie that maps RLP(index) to each value: transactions, receipts, withdrawals. */
export function orderedRoot(values: readonly Uint8Array[]): Uint8Array {
  const trie = new Trie(null, () => {
    throw new Error('Everything is in memory')
  })
  values.forEach((value, index) => {
    trie.put(indexKey(index), value)
  })
  return trie.seal()
}

function indexKey(index: number): Uint8Array {
  if (index === 0) return Uint8Array.of(0x80)
  if (index < 0x80) return Uint8Array.of(index)
  return index < 0x100 ? Uint8Array.of(0x81, index) : Uint8Array.of(0x82, index >> 8, index & 0xff)
}

function extend(path: Uint8Array, node: TrieNode): TrieNode {
  if (path.length === 0) return node
  if (node.kind === 0) return { kind: 0, path: join(path, node.path), value: node.value, ref: null }
  if (node.kind === 1) return { kind: 1, path: join(path, node.path), child: node.child, ref: null }
  return { kind: 1, path, child: node, ref: null }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

function writable(branch: Branch): Branch {
  return branch.ref === null ? branch : { kind: 2, children: branch.children.slice(), ref: null }
}

function sharedLength(a: Uint8Array, b: Uint8Array, from: number): number {
  const limit = Math.min(a.length, b.length - from)
  let length = 0
  while (length < limit && a[length] === b[from + length]) length++
  return length
}
