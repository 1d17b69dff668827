import { createCipheriv, createHash } from 'node:crypto'

/**
 * The bytes that Kubo's tests of CID profiles use: ChaCha20 keystream under sha256(seed), nonce 0
 * (test/cli/cid_profiles_test.go and testutils/random_deterministic.go of ipfs/kubo).
 */
export function* keystream(sizeBytes: number, seed: string, pieceBytes = 65_536) {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('chacha20', key, Buffer.alloc(16))
  for (let left = sizeBytes; left > 0; left -= pieceBytes)
    yield new Uint8Array(cipher.update(Buffer.alloc(Math.min(left, pieceBytes))))
}

export function concat(pieces: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...pieces]))
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return concat(await Array.fromAsync(pieces))
}
