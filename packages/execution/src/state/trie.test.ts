import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMPT, verifyMPTWithMerkleProof } from '@ethereumjs/mpt'
import { keccak256 } from '@quoin/keys'
import fc from 'fast-check'
import { toHex } from '../codec/bytes.ts'
import { orderedRoot, Trie } from './trie.ts'
import { decodeNode } from './trie-node.ts'

const keyOf = (number: number) => keccak256(Uint8Array.of(number >> 8, number & 255))
const steps = fc.array(
  fc.record({
    key: fc.nat(60),
    value: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: null }),
    seal: fc.boolean(),
  }),
  { maxLength: 120 },
)

/** A trie over a map of encoded nodes, read again from the store after each seal. */
class StoredTrie {
  readonly nodes = new Map<string, Uint8Array>()
  trie = new Trie(null, (ref) => this.load(ref))

  load(ref: Uint8Array) {
    const encoded = this.nodes.get(toHex(ref.subarray(1)))
    if (encoded === undefined) throw new Error('A node was lost')
    return decodeNode(encoded, ref)
  }

  seal(): Uint8Array {
    const root = this.trie.seal((hash, encoded) => this.nodes.set(toHex(hash), encoded))
    this.trie = Trie.at(root, (ref) => this.load(ref))
    return root
  }
}

test('a trie has the root that the reference implementation finds, across stores and deletions', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const stored = new StoredTrie()
      const reference = await createMPT()
      for (const { key, value, seal } of all) {
        if (value === null) {
          stored.trie.delete(keyOf(key))
          await reference.del(keyOf(key))
        } else {
          stored.trie.put(keyOf(key), value)
          await reference.put(keyOf(key), value)
        }
        if (seal) assert.equal(toHex(stored.seal()), toHex(reference.root()))
        const found = stored.trie.get(keyOf(key))
        assert.equal(found && toHex(found), value && toHex(value))
      }
      assert.equal(toHex(stored.seal()), toHex(reference.root()))
    }),
    { numRuns: 60 },
  )
})

test('changing a fork leaves the trie it came from as it was', () => {
  const trie = new Trie(null, () => assert.fail('all nodes are in memory'))
  for (let i = 0; i < 50; i++) trie.put(keyOf(i), Uint8Array.of(1, i))
  const root = toHex(trie.seal())
  const fork = trie.fork()
  for (let i = 0; i < 80; i++) fork.put(keyOf(i), Uint8Array.of(2, i))
  for (let i = 0; i < 20; i++) fork.delete(keyOf(i))
  assert.notEqual(toHex(fork.seal()), root)
  assert.equal(toHex(trie.seal()), root)
  assert.deepEqual(trie.get(keyOf(3)), Uint8Array.of(1, 3))
})

test('proofs of presence and of absence convince the reference verifier', async () => {
  const trie = new Trie(null, () => assert.fail('all nodes are in memory'))
  for (let i = 0; i < 200; i++) trie.put(keyOf(i), Uint8Array.of(1, i))
  const root = trie.seal()
  const verifier = await createMPT()
  for (const key of [0, 7, 199])
    assert.deepEqual(
      await verifyMPTWithMerkleProof(verifier, root, keyOf(key), trie.prove(keyOf(key))),
      Uint8Array.of(1, key),
    )
  assert.equal(
    await verifyMPTWithMerkleProof(verifier, root, keyOf(999), trie.prove(keyOf(999))),
    null,
  )
})

test('the root of a list agrees with the reference for lengths around the key encodings', async () => {
  const { RLP } = await import('@ethereumjs/rlp')
  for (const length of [0, 1, 2, 16, 127, 128, 129, 255, 256, 300]) {
    const values = Array.from({ length }, (_, i) => keccak256(Uint8Array.of(i & 255, i >> 8)))
    const reference = await createMPT()
    for (const [i, value] of values.entries()) await reference.put(RLP.encode(i), value)
    assert.equal(toHex(orderedRoot(values)), toHex(reference.root()), `${length} values`)
  }
})
