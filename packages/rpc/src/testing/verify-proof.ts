import { fromRlp, type Hex, keccak256 } from 'viem'

/**
 * What a Merkle-Patricia trie has at a key by a proof (EIP-1186), null when it proves absence.
 * Written apart from the code that makes proofs. @throws when a node does not hash to its place
 */
export function provenValue(root: Hex, key: Hex, proof: readonly Hex[]): Hex | null {
  let path = [...keccak256(key).slice(2)]
  let expected: Hex = root
  for (const [index, encoded] of proof.entries()) {
    if (encoded.length >= 66 && keccak256(encoded) !== expected)
      throw new Error(`Node ${index} of the proof is not the one that is wanted`)
    const node = fromRlp(encoded, 'hex')
    if (!Array.isArray(node)) throw new Error(`Node ${index} is no list`)
    const items = node.map((item) => (Array.isArray(item) ? '0x' : item) as Hex)
    if (items.length === 17) {
      const [nibble, ...rest] = path
      expected = items[Number.parseInt(nibble ?? '', 16)] ?? '0x'
      path = rest
    } else {
      const [prefix = '0x', target = '0x'] = items
      const flag = Number.parseInt(prefix[2] ?? '0', 16)
      const part = [...prefix.slice(flag % 2 === 1 ? 3 : 4)]
      if (part.join('') !== path.slice(0, part.length).join('')) return null
      path = path.slice(part.length)
      if (flag >= 2) return path.length === 0 ? target : null
      expected = target
    }
    if (expected === '0x') return null
  }
  return null
}
