import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bigintToBytes, bytesToBigint, bytesToHex, hexToBytes } from './hex.ts'

test('bytes survive the way to hex and back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(hexToBytes(bytesToHex(bytes)), bytes)
    }),
  )
})

test('a number survives the way to padded bytes and back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (value) => {
      const bytes = bigintToBytes(value, 32)
      assert.equal(bytes.length, 32)
      assert.equal(bytesToBigint(bytes), value)
    }),
  )
})

test('text that is not a whole number of hexadecimal bytes is refused', () => {
  for (const text of ['', '0x1', 'ff', '0xzz', '0x 1'])
    assert.throws(() => hexToBytes(text), { code: 'INVALID_HEX' })
})
