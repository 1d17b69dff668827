import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { areaUnderCurve } from './area-under-curve.ts'
import { classificationMetrics } from './classification.ts'
import { regressionMetrics } from './regression.ts'

/** Every pair of a positive and a negative row, as the definition has it. */
function areaByPairs(scores: readonly number[], isPositive: readonly boolean[]): number | null {
  let wins = 0
  let pairs = 0
  for (const [row, score] of scores.entries())
    for (const [other, otherScore] of scores.entries()) {
      if (!isPositive[row] || isPositive[other]) continue
      pairs += 1
      wins += score > otherScore ? 1 : score === otherScore ? 0.5 : 0
    }
  return pairs === 0 ? null : wins / pairs
}

test('the area under the curve is the share of pairs in the right order', () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
      const scores = rows.map(([score]) => score / 7)
      const isPositive = rows.map(([, positive]) => positive)
      const expected = areaByPairs(scores, isPositive)
      const actual = areaUnderCurve(Float64Array.from(scores), isPositive)
      if (expected === null || actual === null) assert.equal(actual, expected)
      else assert.ok(Math.abs(actual - expected) < 1e-12)
    }),
  )
})

test('accuracy, F1, log loss and confusion follow their definitions', () => {
  const chance = fc.tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
  )
  const row = fc.tuple(chance, fc.integer({ min: 0, max: 2 }))
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
      const chances = rows.map(([parts]) =>
        parts.map((part) => Math.fround(part / parts.reduce((a, b) => a + b))),
      )
      const labels = rows.map(([, label]) => label)
      const metrics = classificationMetrics(
        Float32Array.from(chances.flat()),
        Int32Array.from(labels),
        ['a', 'b', 'c'],
      )
      const chosen = chances.map((parts) => parts.indexOf(Math.max(...parts)))
      const hits = chosen.filter((one, index) => one === labels[index]).length
      assert.equal(metrics.accuracy, hits / rows.length)
      const loss = chances.reduce(
        (sum, parts, index) => sum - Math.log(parts[labels[index] ?? 0] ?? 0),
        0,
      )
      assert.ok(Math.abs(metrics.logLoss - loss / rows.length) < 1e-9)
      assert.equal(
        metrics.confusion.flat().reduce((a, b) => a + b),
        rows.length,
      )
      for (const [index, { precision, recall, f1 }] of metrics.classes.entries()) {
        const right = chosen.filter((one, at) => one === index && labels[at] === index).length
        const said = chosen.filter((one) => one === index).length
        const are = labels.filter((one) => one === index).length
        assert.equal(precision, said === 0 ? 0 : right / said)
        assert.equal(recall, are === 0 ? 0 : right / are)
        const harmonic =
          precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)
        assert.ok(Math.abs(f1 - harmonic) < 1e-12)
      }
    }),
  )
})

test('a probability of zero for what came true costs much, but not everything', () => {
  const { logLoss } = classificationMetrics(Float32Array.of(1, 0), Int32Array.of(1), ['no', 'yes'])
  assert.ok(Math.abs(logLoss - -Math.log(1e-15)) < 1e-6)
})

test('errors of values follow their definitions, and a perfect answer has none', () => {
  const { rmse, mae, r2 } = regressionMetrics([1, 2, 3, 6], [1, 2, 3, 4])
  assert.equal(rmse, 1)
  assert.equal(mae, 0.5)
  assert.ok(Math.abs((r2 ?? 0) - (1 - 4 / 5)) < 1e-12)
  assert.deepEqual(regressionMetrics([4, 5], [4, 5]), { rmse: 0, mae: 0, r2: 1 })
  assert.equal(regressionMetrics([1, 2], [3, 3]).r2, null)
})
