import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimit } from './rate-limit.ts'

test('a peer has a burst, then what time gives back, and never more than the burst', () => {
  const limit = new RateLimit({ burst: 10, perSecond: 5 })
  assert.equal(limit.take('a', 10, 0), true)
  assert.equal(limit.take('a', 1, 0), false)
  assert.equal(limit.take('b', 10, 0), true, 'each peer has its own')
  assert.equal(limit.take('a', 5, 1000), true)
  assert.equal(limit.take('a', 1, 1000), false)
  assert.equal(limit.take('a', 11, 1_000_000), false)
  assert.equal(limit.take('a', 10, 1_000_000), true)
})

test('what is refused costs nothing', () => {
  const limit = new RateLimit({ burst: 10, perSecond: 0 })
  assert.equal(limit.take('a', 11, 0), false)
  assert.equal(limit.take('a', 10, 0), true)
})
