import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RLP } from '@ethereumjs/rlp'
import fc from 'fast-check'
import { toHex } from './bytes.ts'
import { decodeRlp, encodeRlp, itemOffsets, type Rlp, wrapList } from './rlp.ts'

const { item } = fc.letrec<{ item: Rlp; list: Rlp[] }>((tie) => ({
  item: fc.oneof({ maxDepth: 4 }, fc.uint8Array({ maxLength: 80 }), tie('list')),
  list: fc.array(tie('item'), { maxLength: 6 }),
}))

const plain = (value: Rlp): unknown =>
  value instanceof Uint8Array ? toHex(value) : value.map((each) => plain(each))

test('encoding agrees with the reference, and decoding gives back what was encoded', () => {
  fc.assert(
    fc.property(item, (value) => {
      const encoded = encodeRlp(value)
      assert.equal(toHex(encoded), toHex(RLP.encode(value as Uint8Array)))
      assert.deepEqual(plain(decodeRlp(encoded)), plain(value))
    }),
  )
})

test('each value has one encoding: whatever decodes encodes to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      let decoded: Rlp
      try {
        decoded = decodeRlp(bytes)
      } catch (error) {
        assert.match(String(error), /rlp: /)
        return
      }
      assert.equal(toHex(encodeRlp(decoded)), toHex(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('items of a list are found where they lie', () => {
  const items = [Uint8Array.of(1), new Uint8Array(60), new Uint8Array(300)].map(encodeRlp)
  const list = wrapList(items)
  const offsets = itemOffsets(list)
  assert.deepEqual(
    items.map((_, i) => toHex(list.subarray(offsets[i], offsets[i + 1]))),
    items.map(toHex),
  )
})
