import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CodedError } from '@quoin/kernel'
import fc from 'fast-check'
import { encodeFrame, FrameReader } from './frame.ts'

test('frames come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 }),
      (payloads, cuts) => {
        const bytes = Buffer.concat(payloads.map(encodeFrame))
        const reader = new FrameReader(50)
        const got: Uint8Array[] = []
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const length = cuts[turn % cuts.length] ?? 1
          got.push(...reader.read(bytes.subarray(at, at + length)))
          at += length
        }
        assert.deepEqual(got, payloads)
        assert.equal(reader.isInFrame, false)
      },
    ),
  )
})

test('a length beyond the limit is refused at its fourth byte', () => {
  const reader = new FrameReader(50)
  assert.deepEqual([...reader.read(Uint8Array.of(0xff, 0xff, 0xff))], [])
  assert.throws(
    () => [...reader.read(Uint8Array.of(0xff))],
    (error) => error instanceof CodedError && error.code === 'FRAME_TOO_LARGE',
  )
})
