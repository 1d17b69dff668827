import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from './canonical-json.ts'

test('the order of members does not change the canonical text', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse())
      assert.equal(canonicalJson(reversed), canonicalJson(value))
    }),
  )
})

test('canonical text parses back to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('members are sorted by UTF-16 code units and numbers written as ECMAScript does (RFC 8785 section 3.2)', () => {
  const value = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 }
  assert.equal(canonicalJson(value), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
  assert.equal(canonicalJson([1e30, 4.5, 0.002, 1e-27, -0]), '[1e+30,4.5,0.002,1e-27,0]')
})

test('what JSON cannot carry is refused', () => {
  for (const value of [1n, Number.NaN, Number.POSITIVE_INFINITY, () => 1])
    assert.throws(() => canonicalJson({ value }), { code: 'NOT_JSON' })
})
