import type { Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { fromHex } from '../codec/bytes.ts'

const limit = 200_000
let recent = new Map<Hex, Uint8Array>()
let older = new Map<Hex, Uint8Array>()

/** keccak256 of an address or slot, the key in its trie; the latest ones are remembered. */
export function hashOfKey(key: Hex): Uint8Array {
  let hash = recent.get(key)
  if (hash !== undefined) return hash
  hash = older.get(key) ?? keccak256(fromHex(key))
  if (recent.size >= limit) {
    older = recent
    recent = new Map()
  }
  recent.set(key, hash)
  return hash
}
