import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hexToBytes, keccak256, parseTransaction, type TransactionSerializable } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { toHex } from './bytes.ts'
import { decodeTransaction, recoverAuthority } from './transaction.ts'

const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toHex)
const key = word.filter((each) => BigInt(each) > 0n && BigInt(each) < 2n ** 255n)
const amount = fc.bigInt(0n, 2n ** 128n)
const base = {
  chainId: fc.integer({ min: 1, max: 2 ** 40 }),
  nonce: fc.nat(),
  gas: fc.bigInt(21000n, 2n ** 40n),
  to: address,
  value: amount,
  data: fc.uint8Array({ maxLength: 300 }).map(toHex),
}
const accessList = fc.array(
  fc.record({ address, storageKeys: fc.array(word, { maxLength: 3 }) }, { noNullPrototype: true }),
  {
    maxLength: 3,
  },
)
const market = {
  maxFeePerGas: fc.constant(2n ** 60n),
  maxPriorityFeePerGas: fc.bigInt(0n, 2n ** 60n),
}
const unsigned: fc.Arbitrary<TransactionSerializable> = fc.oneof(
  fc.record({ type: fc.constant('legacy' as const), ...base, gasPrice: amount }),
  fc.record({ type: fc.constant('eip2930' as const), ...base, gasPrice: amount, accessList }),
  fc.record({ type: fc.constant('eip1559' as const), ...base, ...market, accessList }),
)

test('a signed transaction of any type gives back its fields, its hash and who signed it', async () => {
  await fc.assert(
    fc.asyncProperty(unsigned, key, async (fields, privateKey) => {
      const account = privateKeyToAccount(privateKey)
      const raw = await account.signTransaction(fields)
      const decoded = decodeTransaction(hexToBytes(raw))
      const reference = parseTransaction(raw)
      assert.equal(decoded.from, account.address.toLowerCase())
      assert.equal(decoded.hash, keccak256(raw))
      assert.equal(decoded.raw, raw)
      assert.equal(decoded.chainId, BigInt(fields.chainId ?? 0))
      assert.equal(decoded.nonce, BigInt(fields.nonce ?? 0))
      assert.equal(decoded.gas, fields.gas)
      assert.equal(decoded.value, fields.value)
      assert.equal(decoded.input, fields.data)
      assert.equal(decoded.to, fields.to)
      assert.equal(decoded.gasPrice ?? decoded.maxFeePerGas, fields.gasPrice ?? fields.maxFeePerGas)
      assert.equal(decoded.r, BigInt(reference.r ?? 0))
      assert.deepEqual(decoded.accessList ?? [], fields.accessList ?? [])
    }),
    { numRuns: 80 },
  )
})

test('no changed byte goes unnoticed: another transaction, another sender, or an error', async () => {
  const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
  const raw = hexToBytes(
    await account.signTransaction({
      type: 'eip1559',
      chainId: 1,
      gas: 21000n,
      maxFeePerGas: 9n,
      maxPriorityFeePerGas: 1n,
      value: 5n,
    }),
  )
  for (let at = 0; at < raw.length; at++) {
    const forged = Uint8Array.from(raw)
    forged[at] = (forged[at] ?? 0) ^ 1
    try {
      assert.notEqual(decodeTransaction(forged).from, account.address.toLowerCase(), `byte ${at}`)
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      assert.match(String(error), /CodedError|rlp|invalid sender|not supported/)
    }
  }
})

test('a set-code transaction names who authorized, and no one for a forged authorization', async () => {
  const account = privateKeyToAccount(`0x${'22'.repeat(32)}`)
  const contractAddress = `0x${'ab'.repeat(20)}` as const
  const signed = await account.signAuthorization({ contractAddress, chainId: 1, nonce: 3 })
  const raw = await account.signTransaction({
    type: 'eip7702',
    chainId: 1,
    gas: 100_000n,
    maxFeePerGas: 9n,
    maxPriorityFeePerGas: 1n,
    to: contractAddress,
    authorizationList: [signed],
  })
  const [authorization] = decodeTransaction(hexToBytes(raw)).authorizationList ?? []
  assert.ok(authorization)
  assert.equal(recoverAuthority(authorization), account.address.toLowerCase())
  assert.notEqual(recoverAuthority({ ...authorization, nonce: 4n }), account.address.toLowerCase())
  const high = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n - authorization.s
  assert.equal(recoverAuthority({ ...authorization, s: high }), null)
})
