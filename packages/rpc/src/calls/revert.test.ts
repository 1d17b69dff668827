import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeAbiParameters, encodeErrorResult, type Hex } from 'viem'
import { revertMessage, revertReason } from './revert.ts'

const errorAbi = [
  { type: 'error', name: 'Error', inputs: [{ type: 'string', name: 'reason' }] },
  { type: 'error', name: 'Panic', inputs: [{ type: 'uint256', name: 'code' }] },
] as const

test('the text of Error(string) is read back, whatever it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (reason) => {
      const data = encodeErrorResult({ abi: errorAbi, errorName: 'Error', args: [reason] })
      assert.equal(revertReason(data), reason)
    }),
  )
})

test('panics are told in geth’s words', () => {
  const data = encodeErrorResult({ abi: errorAbi, errorName: 'Panic', args: [0x11n] })
  assert.equal(revertMessage(data), 'execution reverted: arithmetic underflow or overflow')
  const odd = encodeErrorResult({ abi: errorAbi, errorName: 'Panic', args: [0x99n] })
  assert.equal(revertMessage(odd), 'execution reverted: unknown panic code: 0x99')
})

test('data that is cut, lies about its length or has another selector gives no reason', () => {
  const whole = encodeErrorResult({ abi: errorAbi, errorName: 'Error', args: ['no funds'] })
  for (let length = 10; length < whole.length - 48; length += 2)
    assert.equal(revertReason(cut(whole, length)), null)
  const huge = encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [32n, 2n ** 255n])
  assert.equal(revertReason(`0x08c379a0${huge.slice(2)}`), null)
  assert.equal(revertMessage('0x12345678'), 'execution reverted')
  assert.equal(revertMessage('0x'), 'execution reverted')
})

function cut(data: Hex, length: number): Hex {
  return `0x${data.slice(2, length)}`
}
