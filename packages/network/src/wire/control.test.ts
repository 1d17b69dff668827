import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesToHex, CodedError } from '@quoin/kernel'
import fc from 'fast-check'
import { type ControlMessage, decodeControl, encodeControl, refusals } from './control.ts'

const message: fc.Arbitrary<ControlMessage> = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.integer({ min: 0, max: 65_535 }),
    chain: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex),
  }),
  fc.record({ type: fc.constant('refuse' as const), reason: fc.constantFrom(...refusals) }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), nonce: fc.nat() }),
  fc.record({ type: fc.constant('ask-records' as const) }),
  fc.record({
    type: fc.constant('records' as const),
    records: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 32 }),
  }),
)

test('control messages are read as they were written', () => {
  fc.assert(
    fc.property(message, (said) =>
      assert.deepEqual(decodeControl(encodeControl(said)), { ...said }),
    ),
  )
})

test('whatever else comes is refused with one code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        assert.deepEqual(encodeControl(decodeControl(bytes)), bytes)
      } catch (error) {
        assert.ok(error instanceof CodedError && error.code === 'FRAME_MALFORMED')
      }
    }),
  )
})
