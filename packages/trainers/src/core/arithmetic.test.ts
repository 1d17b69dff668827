import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { exp, log, powerOfTwo, sigmoid, squareRoot, wholePower } from './arithmetic.ts'

/** How many representable numbers lie between, relative to the larger one. */
function ulps(a: number, b: number): number {
  if (a === b) return 0
  return Math.abs(a - b) / (Math.max(Math.abs(a), Math.abs(b)) * Number.EPSILON)
}

test('exp, log and square root are those of the engine to a few units in the last place', () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      assert.ok(ulps(exp(x), Math.exp(x)) < 4, `exp ${x}`)
      assert.ok(Math.abs(sigmoid(x) - 1 / (1 + Math.exp(-x))) < 1e-15)
    }),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.double({ min: 1e-320, max: 1e300, noNaN: true }), (x) => {
      assert.ok(
        Math.abs(log(x) - Math.log(x)) <= 4 * Number.EPSILON * Math.max(1, Math.abs(Math.log(x))),
        `log ${x}`,
      )
      assert.ok(ulps(squareRoot(x), Math.sqrt(x)) < 4, `root of ${x}`)
    }),
    { numRuns: 1_000 },
  )
})

test('the ends of their ranges are as in any library', () => {
  assert.equal(exp(0), 1)
  assert.equal(exp(1000), Number.POSITIVE_INFINITY)
  assert.equal(exp(-1000), 0)
  assert.ok(exp(-740) > 0)
  assert.equal(log(1), 0)
  assert.equal(log(0), Number.NEGATIVE_INFINITY)
  assert.ok(Number.isNaN(log(-1)))
  assert.equal(squareRoot(0), 0)
  assert.equal(squareRoot(4), 2)
  assert.ok(Number.isNaN(squareRoot(-1)))
  assert.equal(wholePower(3, 5), 243)
  assert.equal(powerOfTwo(-3), 0.125)
})
