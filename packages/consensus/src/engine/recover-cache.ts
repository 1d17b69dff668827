import type { Recover } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { recoverAddress } from '@quoin/keys'

/**
 * `recoverAddress` with a memory of the last `capacity` signatures: a precommit comes as a vote, then in
 * certificates and in the next block, and is worth checking once. Bad signatures are not kept.
 */
export function createRecoverCache(capacity = 8192): Recover {
  const known = new Map<string, Hex>()
  return (digest, signature) => {
    const key = Buffer.concat([digest, signature]).toString('latin1')
    const found = known.get(key)
    if (found !== undefined) return found
    const address = recoverAddress(digest, signature)
    known.set(key, address)
    if (known.size > capacity) {
      const [oldest] = known.keys()
      if (oldest !== undefined) known.delete(oldest)
    }
    return address
  }
}
