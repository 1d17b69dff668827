import { decodeRlp, type RlpItem } from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import { lightError } from '../errors.ts'
import { parseNode, toNibbles } from './nodes.ts'

/** Root of the trie without entries: keccak256(RLP('')). */
export const emptyRoot: Hex = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'

/**
 * What a trie holds at keccak256(key), by a proof (EIP-1186); null when the proof shows that it holds nothing.
 * @throws CodedError `SERVER_LIED` when the proof does not lead from the root to an answer
 */
export function provenValue(root: Hex, key: Hex, proof: readonly Hex[]): Uint8Array | null {
  if (root === emptyRoot) return null
  const nodes = new Map(
    proof.map((node) => {
      const bytes = hexToBytes(node)
      return [bytesToHex(keccak256(bytes)), bytes]
    }),
  )
  const path = toNibbles(keccak256(hexToBytes(key)))
  try {
    return walk(nodes, hexToBytes(root), path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw lightError('SERVER_LIED', `The proof for ${key} does not hold under ${root}: ${why}`, {
      cause,
    })
  }
}

function walk(
  nodes: ReadonlyMap<Hex, Uint8Array>,
  root: Uint8Array,
  path: readonly number[],
): Uint8Array | null {
  let reference: RlpItem = root
  let depth = 0
  while (depth <= path.length) {
    if (reference instanceof Uint8Array && reference.length === 0) return null
    const node = parseNode(Array.isArray(reference) ? reference : findNode(nodes, reference))
    if (node.kind === 'branch') {
      const nibble = path[depth]
      if (nibble === undefined) return node.value.length === 0 ? null : node.value
      reference = node.children[nibble] ?? new Uint8Array()
      depth += 1
      continue
    }
    const isOnPath = node.path.every((nibble, index) => path[depth + index] === nibble)
    depth += node.path.length
    if (node.kind === 'leaf') return isOnPath && depth === path.length ? node.value : null
    if (!isOnPath) return null
    if (node.path.length === 0) throw new Error('an extension leads nowhere')
    reference = node.child
  }
  throw new Error('it is longer than its key')
}

function findNode(nodes: ReadonlyMap<Hex, Uint8Array>, hash: Uint8Array): RlpItem {
  const name = bytesToHex(hash)
  const bytes = nodes.get(name)
  if (!bytes) throw new Error(`the node ${name} is missing or was changed`)
  return decodeRlp(bytes)
}
