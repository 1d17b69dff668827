import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sineAndCosine } from './sine.ts'

test('sine and cosine agree with the engine to the last digits', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1_000, noNaN: true }), (x) => {
      const { sine, cosine } = sineAndCosine(x)
      assert.ok(Math.abs(sine - Math.sin(x)) < 5e-16, `sine of ${x}`)
      assert.ok(Math.abs(cosine - Math.cos(x)) < 5e-16, `cosine of ${x}`)
    }),
  )
})

test('zero has sine 0 and cosine 1', () => {
  assert.deepEqual(sineAndCosine(0), { sine: 0, cosine: 1 })
})
