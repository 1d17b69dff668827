import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesToHex, hexToBytes } from '@quoin/kernel'
import fc from 'fast-check'
import { keccak256 as viemKeccak } from 'viem'
import { privateKeyToAccount, sign } from 'viem/accounts'
import { keccak256 } from './keccak.ts'
import {
  createPrivateKey,
  privateKeyToAddress,
  recoverAddress,
  signatureToBytes,
  signHash,
} from './secp256k1.ts'

const privateKey = hexToBytes('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80')

test('keccak and addresses agree with viem', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(bytesToHex(keccak256(bytes)), viemKeccak(bytes))
    }),
  )
  const key = createPrivateKey()
  assert.equal(privateKeyToAddress(key), privateKeyToAccount(bytesToHex(key)).address.toLowerCase())
})

test('signatures are those that viem makes, and their signer is found again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (hash) => {
      const signature = signatureToBytes(signHash(hash, privateKey))
      const expected = await sign({
        hash: bytesToHex(hash),
        privateKey: bytesToHex(privateKey),
        to: 'hex',
      })
      assert.equal(bytesToHex(signature), expected)
      assert.equal(recoverAddress(hash, signature), privateKeyToAddress(privateKey))
    }),
    { numRuns: 30 },
  )
})

test('malleated, truncated and meaningless signatures are refused', () => {
  const hash = keccak256(new Uint8Array(1))
  const signature = signatureToBytes(signHash(hash, privateKey))
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const highS = (order - BigInt(bytesToHex(signature.slice(32, 64)))).toString(16).padStart(64, '0')
  const malleated = Uint8Array.from(signature)
  malleated.set(hexToBytes(`0x${highS}`), 32)
  malleated[64] = signature[64] === 27 ? 28 : 27
  const bareParity = Uint8Array.from(signature)
  bareParity[64] = (signature[64] ?? 27) - 27
  const meaningless = new Uint8Array(65).fill(27, 64)
  for (const bad of [malleated, bareParity, signature.slice(0, 64), meaningless])
    assert.throws(() => recoverAddress(hash, bad), { code: 'INVALID_SIGNATURE' })
})
