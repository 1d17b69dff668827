import assert from 'node:assert/strict'
import { it } from 'node:test'
import { keccak256 } from '@quoin/keys'
import { sealedId } from '../header.ts'
import { createSearch } from './search.ts'

it('the search passes over exactly the nonces whose id is above the target', () => {
  const search = createSearch()
  for (let seed = 0; seed < 20; seed++) {
    const sealHash = keccak256(Uint8Array.from([seed]))
    const target = 2n ** 256n / 50n
    search.begin(sealHash, target)
    const first = BigInt.asUintN(64, BigInt(seed) * 0x9e3779b97f4a7c15n)
    const found: bigint[] = []
    for (let lane = first; lane < first + 400n; ) {
      const { tried, nonce } = search.run(lane, Number(first + 400n - lane))
      if (nonce !== null) found.push(nonce)
      lane += BigInt(tried)
    }
    const expected: bigint[] = []
    for (let i = 0n; i < 400n; i++) {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(BigInt.asUintN(64, first + i))
      const nonce = bytes.readBigUInt64BE()
      if (BigInt(sealedId(sealHash, nonce)) <= target) expected.push(nonce)
    }
    assert.deepEqual(found, expected)
    assert.ok(expected.length > 0)
  }
})
