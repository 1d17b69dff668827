import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { bytesToHex, type Hex } from '@quoin/kernel'
import fc from 'fast-check'
import { privateKeyToAccount } from 'viem/accounts'
import { z } from 'zod'
import { hashRequest, hashStream, parseSseData, streamContent } from './content-hash.ts'
import { isReceiptIncluded, merkleRootOf } from './merkle.ts'
import type { Receipt, SignedReceipt } from './receipt.ts'
import { isReceiptSigned, receiptDomain, receiptIdOf, receiptTypes } from './receipt-hash.ts'
import { SignedReceiptJson, toReceiptJson } from './receipt-json.ts'

const { StandardMerkleTree } = createRequire(import.meta.url)('@openzeppelin/merkle-tree')
const domain = { chainId: 31_402, receipts: '0x51756f696e000000000000000000000000000003' } as const
const provider = privateKeyToAccount(`0x${'11'.repeat(32)}`)

/** Plain objects, as JSON gives them. */
const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(shape, { noNullPrototype: true })
const bytes = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((value) => bytesToHex(value))
const uint = (bits: bigint) => fc.bigInt({ min: 0n, max: (1n << bits) - 1n })
const lower = (address: Hex): Hex => `0x${address.slice(2).toLowerCase()}`
const receipts: fc.Arbitrary<Receipt> = record({
  serviceId: bytes(32),
  channelId: bytes(32),
  payer: bytes(20),
  provider: fc.constant(lower(provider.address)),
  sequence: uint(256n),
  requestHash: bytes(32),
  responseHash: bytes(32),
  modelCidHash: bytes(32),
  runtimeId: bytes(32),
  unitsIn: uint(256n),
  unitsOut: uint(256n),
  amount: uint(128n),
  cumulative: uint(128n),
  time: uint(64n),
  idempotencyKeyHash: bytes(32),
})

async function sign(receipt: Receipt): Promise<SignedReceipt> {
  const signature = await provider.signTypedData({
    domain: receiptDomain(domain),
    types: receiptTypes,
    primaryType: 'Receipt',
    message: receipt,
  })
  return { id: receiptIdOf(receipt, domain), receipt, signature, modelCid: 'bafk' }
}

test('a receipt survives JSON, and only the signed one verifies', async () => {
  await fc.assert(
    fc.asyncProperty(receipts, async (receipt) => {
      const signed = await sign(receipt)
      const read = SignedReceiptJson.parse(JSON.parse(JSON.stringify(toReceiptJson(signed))))
      assert.deepEqual(read, signed)
      assert.equal(await isReceiptSigned(read, domain), true)
      const forged = { ...receipt, amount: receipt.amount ^ 1n }
      assert.equal(await isReceiptSigned({ ...signed, receipt: forged }, domain), false)
      const renamed = { ...signed, receipt: forged, id: receiptIdOf(forged, domain) }
      assert.equal(await isReceiptSigned(renamed, domain), false)
    }),
    { numRuns: 20 },
  )
})

test('a signature that contracts refuse is refused here too', async () => {
  const [receipt] = fc.sample(receipts, 1)
  assert.ok(receipt)
  const signed = await sign(receipt)
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = order - BigInt(`0x${signed.signature.slice(66, 130)}`)
  const isOdd = signed.signature.endsWith('1c')
  const highS = `${signed.signature.slice(2, 66)}${s.toString(16).padStart(64, '0')}`
  const malleated: Hex = `0x${highS}${isOdd ? '1b' : '1c'}`
  const bareParity: Hex = `0x${signed.signature.slice(2, -2)}${isOdd ? '01' : '00'}`
  for (const signature of [malleated, bareParity])
    assert.equal(await isReceiptSigned({ ...signed, signature }, domain), false)
})

test('proofs of OpenZeppelin’s tree lead to its root, for every receipt and no other', () => {
  const Path = z.array(z.templateLiteral(['0x', z.string()]))
  fc.assert(
    fc.property(fc.uniqueArray(bytes(32), { minLength: 1, maxLength: 33 }), (ids) => {
      const tree = StandardMerkleTree.of(
        ids.map((id) => [id]),
        ['bytes32'],
      )
      const { data: root } = z.templateLiteral(['0x', z.string()]).safeParse(tree.root)
      assert.ok(root)
      const anchor = {
        provider: lower(provider.address),
        epoch: 1n,
        root,
        count: ids.length,
        transactionHash: root,
        blockNumber: 1n,
      }
      for (const id of ids) {
        const path = Path.parse(tree.getProof([id]))
        assert.equal(merkleRootOf(id, path), root)
        assert.equal(isReceiptIncluded(`0x${'00'.repeat(32)}`, { anchor, path }), false)
      }
    }),
    { numRuns: 30 },
  )
})

test('the hash of a request does not depend on spaces or the order of members', () => {
  assert.equal(
    hashRequest(JSON.parse('{"b": [1, 2.0], "a": "x"}')),
    hashRequest({ a: 'x', b: [1, 2] }),
  )
  assert.notEqual(hashRequest({ a: 1 }), hashRequest({ a: 2 }))
})

test('the hash of a stream is over its payloads, not over its framing, and leaves the receipt out', () => {
  const payload = fc.string({ minLength: 1 }).filter((text) => !/[\r\n]/.test(text))
  fc.assert(
    fc.property(fc.array(payload), fc.constantFrom('\n', '\r\n'), (payloads, newline) => {
      const kept = payloads.filter((text) => !text.includes('quoin_receipt') && text !== '[DONE]')
      const frames = kept.map((text) => `event: x${newline}data: ${text}${newline}${newline}`)
      const receipt = `data: {"choices":[],"quoin_receipt":{"id":"0x"}}${newline}${newline}`
      const text = `: ping${newline}${newline}${frames.join('')}${receipt}data: [DONE]${newline}${newline}`
      assert.equal(hashStream(parseSseData(text)), hashStream(kept))
    }),
  )
  assert.equal(new TextDecoder().decode(streamContent(['{"a":1}', '[DONE]'])), '{"a":1}\n')
  assert.deepEqual(parseSseData('data: a\ndata: b\n\ndata:c\n\n'), ['a\nb', 'c'])
})

test("nothing that a reader sees is left out of a stream's hash but its last payload's receipt", () => {
  const carrier = '{"choices":[],"quoin_receipt":{}}'
  const smuggled = '{"choices":[{"delta":{"content":"more"}}],"quoin_receipt":0}'
  const honest = hashStream(['{"a":1}', carrier, '[DONE]'])
  assert.equal(hashStream(['{"a":1}']), honest)
  assert.notEqual(hashStream(['{"a":1}', smuggled, carrier, '[DONE]']), honest)
  assert.notEqual(hashStream([smuggled, '{"a":1}', carrier, '[DONE]']), honest)
  assert.equal(hashStream(['{"a":1}', carrier, '[DONE]', '{"unread":1}']), honest)
})
