import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uniformNumbers } from './random.ts'

function take(seed: number, count: number): number[] {
  return Array.from(uniformNumbers(seed).take(count))
}

test('the numbers of a seed never change', () => {
  assert.deepEqual(
    take(42, 3).map((value) => value * 0x1000000),
    [10084847, 7521067, 14302002],
  )
})

test('numbers are spread over [0, 1), exact in float32, and differ by seed', () => {
  const numbers = take(1, 10_000)
  assert.ok(numbers.every((value) => value >= 0 && value < 1 && Math.fround(value) === value))
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length
  assert.ok(Math.abs(mean - 0.5) < 0.01, `mean ${mean}`)
  assert.notDeepEqual(take(1, 3), take(2, 3))
})
