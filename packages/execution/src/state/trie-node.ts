import { keccak256 } from '@quoin/keys'
import { asBytes, decodeRlp, encodeRlp, type Rlp } from '../codec/rlp.ts'

/**
 * Nodes of a Merkle-Patricia trie (Yellow Paper, appendix D) as immutable objects, shared between
 * versions of the trie. `ref` is what a parent embeds: the hash as an RLP string, or the node itself
 * when its encoding is shorter than 32 bytes. A node without `ref` is new, belongs to one version
 * alone and may be changed in place.
 */
export type TrieNode = Leaf | Extension | Branch | Stub

export interface Leaf {
  kind: 0
  /** Nibbles. */
  path: Uint8Array
  value: Uint8Array
  ref: Uint8Array | null
}

export interface Extension {
  kind: 1
  path: Uint8Array
  child: TrieNode
  ref: Uint8Array | null
}

export interface Branch {
  kind: 2
  children: (TrieNode | null)[]
  ref: Uint8Array | null
}

/** A node that is not in memory: only its hash is known. */
export interface Stub {
  kind: 3
  ref: Uint8Array
}

export function createStub(hash: Uint8Array): Stub {
  const ref = new Uint8Array(33)
  ref[0] = 0xa0
  ref.set(hash, 1)
  return { kind: 3, ref }
}

export function decodeNode(encoded: Uint8Array, ref: Uint8Array): TrieNode {
  return itemToNode(decodeRlp(encoded), ref)
}

function itemToNode(item: Rlp, ref: Uint8Array): TrieNode {
  if (item instanceof Uint8Array) throw new Error('A trie node is a list')
  if (item.length === 17)
    return { kind: 2, children: item.slice(0, 16).map((child) => childToNode(child)), ref }
  const { path, isLeaf } = decodePath(asBytes(item[0]))
  if (isLeaf) return { kind: 0, path, value: asBytes(item[1]), ref }
  const child = childToNode(item[1] ?? [])
  if (child === null) throw new Error('An extension node has a child')
  return { kind: 1, path, child, ref }
}

function childToNode(item: Rlp): TrieNode | null {
  if (!(item instanceof Uint8Array)) return itemToNode(item, encodeRlp(item))
  return item.length === 0 ? null : createStub(item)
}

/** The hex-prefix encoding of a path. */
function encodePath(path: Uint8Array, isLeaf: boolean): Uint8Array {
  const odd = path.length & 1
  const bytes = new Uint8Array(1 + (path.length >> 1))
  bytes[0] = (isLeaf ? 0x20 : 0) | (odd ? 0x10 | (path[0] ?? 0) : 0)
  for (let from = odd, to = 1; from < path.length; from += 2, to++)
    bytes[to] = ((path[from] ?? 0) << 4) | (path[from + 1] ?? 0)
  return bytes
}

function decodePath(bytes: Uint8Array): { path: Uint8Array; isLeaf: boolean } {
  const first = bytes[0] ?? 0
  const odd = (first & 0x10) !== 0
  const nibbles = bytesToNibbles(bytes)
  return { path: nibbles.subarray(odd ? 1 : 2), isLeaf: (first & 0x20) !== 0 }
}

export function bytesToNibbles(bytes: Uint8Array): Uint8Array {
  const nibbles = new Uint8Array(bytes.length * 2)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    nibbles[2 * i] = byte >> 4
    nibbles[2 * i + 1] = byte & 15
  }
  return nibbles
}

const scratch = Buffer.allocUnsafe(1 << 10)

/** Encodes a node whose children all have their `ref`. */
export function encodeNode(node: Leaf | Extension | Branch): Uint8Array {
  if (node.kind === 2) return encodeBranch(node)
  const path = encodePath(node.path, node.kind === 0)
  if (node.kind === 0) return encodeRlp([path, node.value])
  const child = refOf(node.child)
  const prefix = encodeRlp(path)
  const body = prefix.length + child.length
  const out = Buffer.allocUnsafe(body + (body < 56 ? 1 : 2))
  const at = writeListPrefix(out, body)
  out.set(prefix, at)
  out.set(child, at + prefix.length)
  return out
}

function encodeBranch(node: Branch): Uint8Array {
  let body = 1
  for (const child of node.children) body += child === null ? 1 : refOf(child).length
  let at = writeListPrefix(scratch, body)
  for (const child of node.children) {
    if (child === null) scratch[at++] = 0x80
    else {
      const ref = refOf(child)
      scratch.set(ref, at)
      at += ref.length
    }
  }
  scratch[at++] = 0x80
  return scratch.subarray(0, at)
}

function writeListPrefix(out: Buffer, length: number): number {
  if (length < 56) {
    out[0] = 0xc0 + length
    return 1
  }
  const size = length < 256 ? 1 : 2
  out[0] = 0xf7 + size
  out.writeUIntBE(length, 1, size)
  return 1 + size
}

function refOf(node: TrieNode): Uint8Array {
  if (node.ref === null) throw new Error('A child is hashed before its parent')
  return node.ref
}

export type NodeSink = (hash: Uint8Array, encoded: Uint8Array) => void

/** Gives every new node below `node` its `ref`, and `sink` each that is stored by its hash. */
export function sealNode(node: TrieNode, sink: NodeSink | null, isRoot = false): Uint8Array {
  if (node.ref !== null && !(isRoot && node.ref.length < 33)) return node.ref
  if (node.kind === 2) {
    for (const child of node.children)
      if (child !== null && child.ref === null) sealNode(child, sink)
  } else if (node.kind === 1) sealNode(node.child, sink)
  if (node.kind === 3) return node.ref
  const encoded = encodeNode(node)
  if (encoded.length < 32 && !isRoot) {
    node.ref = Uint8Array.from(encoded)
    return node.ref
  }
  const hash = keccak256(encoded)
  const ref = new Uint8Array(33)
  ref[0] = 0xa0
  ref.set(hash, 1)
  node.ref = ref
  sink?.(hash, Buffer.from(encoded))
  return ref
}
