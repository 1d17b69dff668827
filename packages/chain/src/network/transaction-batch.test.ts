import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRlp } from '@quoin/headers'
import fc from 'fast-check'
import { decodeBatch, encodeBatches, maxBatchBytes } from './transaction-batch.ts'

const raw = fc.uint8Array({ minLength: 2, maxLength: 3000 })

test('batches carry all transactions in their order, and none is larger than peers take', () => {
  fc.assert(
    fc.property(fc.array(raw, { maxLength: 200 }), (raws) => {
      const batches = encodeBatches(raws)
      for (const batch of batches) assert.ok(batch.length <= maxBatchBytes)
      const back = batches.flatMap((batch) => decodeBatch(batch) ?? [])
      assert.deepEqual(
        back.map((bytes) => Buffer.from(bytes).toString('hex')),
        raws.map((bytes) => Buffer.from(bytes).toString('hex')),
      )
    }),
    { numRuns: 50 },
  )
})

test('the largest transactions fit, many small ones are spread', () => {
  const large = Array.from({ length: 3 }, () => new Uint8Array(128 * 1024).fill(7))
  const batches = encodeBatches(large)
  assert.equal(batches.length, 3)
  for (const batch of batches) assert.equal(decodeBatch(batch)?.length, 1)
  const small = Array.from({ length: 3000 }, () => Uint8Array.of(1, 2))
  assert.ok(encodeBatches(small).every((batch) => (decodeBatch(batch)?.length ?? 0) <= 1024))
})

test('what is no batch is null, and nothing throws', () => {
  const one = Uint8Array.of(1, 2)
  const bad = [
    new Uint8Array(0),
    encodeRlp([]),
    encodeRlp(one),
    encodeRlp([one, [one]]),
    encodeRlp([new Uint8Array(0)]),
    encodeRlp([new Uint8Array(128 * 1024 + 1)]),
    encodeRlp(Array.from({ length: 1025 }, () => one)),
    new Uint8Array(maxBatchBytes + 1),
  ]
  for (const bytes of bad) assert.equal(decodeBatch(bytes), null)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeBatch(bytes)
    }),
  )
})
