import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CodedError } from '@quoin/kernel'
import fc from 'fast-check'
import { planBlocks } from './plan-blocks.ts'
import type { SimulatedBlockRequest } from './simulation.ts'

const base = { number: 100n, timestamp: 5000n }

function block(number?: bigint, timestamp?: bigint): SimulatedBlockRequest {
  return {
    overrides: {
      ...(number === undefined ? {} : { number }),
      ...(timestamp === undefined ? {} : { timestamp }),
    },
    stateOverrides: {},
    calls: [],
  }
}

const failsWith = (code: string) => (error: unknown) =>
  error instanceof CodedError && error.code === code

test('blocks follow each other 12 seconds apart unless told otherwise, gaps are filled', () => {
  const planned = planBlocks([block(), block(104n, 6000n), block()], base)
  assert.deepEqual(
    planned.map(({ number, timestamp }) => [number, timestamp]),
    [
      [101n, 5012n],
      [102n, 5024n],
      [103n, 5036n],
      [104n, 6000n],
      [105n, 6012n],
    ],
  )
})

test('numbers and times that go back, and too many blocks, are refused', () => {
  assert.throws(() => planBlocks([block(100n)], base), failsWith('BLOCK_NUMBER_ORDER'))
  assert.throws(() => planBlocks([block(), block(101n)], base), failsWith('BLOCK_NUMBER_ORDER'))
  assert.throws(() => planBlocks([block(101n, 5000n)], base), failsWith('BLOCK_TIME_ORDER'))
  assert.throws(() => planBlocks([block(103n, 5024n)], base), failsWith('BLOCK_TIME_ORDER'))
  assert.throws(() => planBlocks([block(357n)], base), failsWith('TOO_MANY_BLOCKS'))
})

test('a plan is always a chain: numbers rise by one, times rise', () => {
  const step = fc.record({ skip: fc.nat(5), wait: fc.option(fc.nat(1000), { nil: null }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let number = base.number
      let timestamp = base.timestamp
      const requests = steps.map(({ skip, wait }) => {
        number += BigInt(skip) + 1n
        timestamp += 12n * BigInt(skip) + BigInt(wait ?? 11) + 1n
        return block(number, wait === null ? undefined : timestamp)
      })
      const planned = [base, ...planBlocks(requests, base)]
      for (const [index, later] of planned.slice(1).entries()) {
        const earlier = planned[index]
        assert.equal(later.number, (earlier?.number ?? 0n) + 1n)
        assert.ok(later.timestamp > (earlier?.timestamp ?? 0n))
      }
    }),
  )
})
