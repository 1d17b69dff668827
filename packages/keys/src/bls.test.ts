import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { deriveBlsKey, verifyBls } from './bls.ts'

describe('a BLS key', () => {
  const key = deriveBlsKey(new Uint8Array(32).fill(1))
  const message = new TextEncoder().encode('height 7')

  it('is always the same for the same secp256k1 key, and so is what it signs', () => {
    const again = deriveBlsKey(new Uint8Array(32).fill(1))
    assert.equal(again.publicKey, key.publicKey)
    assert.equal(again.sign(message), key.sign(message))
    assert.equal(verifyBls(message, key.publicKey, key.sign(message)), true)
  })

  it('does not vouch for another message, key, or a point outside its group', () => {
    const other = deriveBlsKey(new Uint8Array(32).fill(2))
    const signature = key.sign(message)
    const infinity: Hex = `0xc0${'0'.repeat(190)}`
    assert.equal(verifyBls(new TextEncoder().encode('height 8'), key.publicKey, signature), false)
    assert.equal(verifyBls(message, other.publicKey, signature), false)
    assert.equal(verifyBls(message, key.publicKey, other.sign(message)), false)
    assert.equal(verifyBls(message, key.publicKey, infinity), false)
    assert.equal(verifyBls(message, `0xc0${'0'.repeat(94)}`, infinity), false)
    assert.equal(verifyBls(message, '0x1234', signature), false)
  })
})
