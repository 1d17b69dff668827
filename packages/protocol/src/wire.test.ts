import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesToHex } from '@quoin/kernel'
import fc from 'fast-check'
import { BatchPayload } from './batch.ts'
import { ExactPayload } from './exact.ts'
import { decodeJsonHeader, encodeJsonHeader } from './header.ts'
import { PaymentPayload, parseMessage } from './messages.ts'
import { chainIdToNetwork, networkToChainId } from './network.ts'

/** Plain objects, as JSON gives them. */
const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(shape, { noNullPrototype: true })
const bytes = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((value) => bytesToHex(value))
const amount = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(String)
const config = record({
  payer: bytes(20),
  payerAuthorizer: bytes(20),
  receiver: bytes(20),
  receiverAuthorizer: bytes(20),
  token: bytes(20),
  withdrawDelay: fc.nat({ max: 2_592_000 }),
  salt: bytes(32),
})
const voucher = record({
  channelId: bytes(32),
  maxClaimableAmount: amount,
  signature: bytes(65),
})
const deposit = record({
  amount,
  authorization: record({
    erc3009Authorization: record({
      validAfter: amount,
      validBefore: amount,
      salt: bytes(32),
      signature: bytes(65),
    }),
  }),
})
const batch = fc.oneof(
  record({ type: fc.constant('voucher'), channelConfig: config, voucher }),
  record({ type: fc.constant('deposit'), channelConfig: config, voucher, deposit }),
  record({ type: fc.constant('refund'), channelConfig: config, voucher, amount }),
)

test('any JSON value survives a header', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      assert.equal(JSON.stringify(decodeJsonHeader(encodeJsonHeader(value), 1 << 20)), text)
    }),
  )
})

test('a header is the same base64 as Node writes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(encodeJsonHeader(value), Buffer.from(JSON.stringify(value)).toString('base64'))
    }),
  )
})

test('a header that is too long, or no base64 of JSON, is refused', () => {
  assert.throws(() => decodeJsonHeader('A'.repeat(20_000)), { code: 'HEADER_TOO_LARGE' })
  for (const header of ['%', btoa('{'), btoa('\xff\xfe'), ''])
    assert.throws(() => decodeJsonHeader(header), { code: 'INVALID_HEADER' })
})

test('every kind of batch payload survives the wire', () => {
  fc.assert(
    fc.property(batch, (value) => {
      const sent: unknown = decodeJsonHeader(encodeJsonHeader(value))
      assert.deepEqual(BatchPayload.parse(sent), value)
    }),
  )
})

test('an exact payload survives the wire', () => {
  const authorization = record({
    from: bytes(20),
    to: bytes(20),
    value: amount,
    validAfter: amount,
    validBefore: amount,
    nonce: bytes(32),
  })
  fc.assert(
    fc.property(record({ signature: bytes(65), authorization }), (value) => {
      assert.deepEqual(ExactPayload.parse(decodeJsonHeader(encodeJsonHeader(value))), value)
    }),
  )
})

test('addresses are compared in lower case, whatever case they came in', () => {
  const mixed = '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003'
  const accepted = {
    scheme: 'exact',
    network: 'eip155:31402',
    amount: '1000',
    asset: mixed,
    payTo: mixed,
    maxTimeoutSeconds: 300,
    extra: null,
  }
  const payment = PaymentPayload.parse({ x402Version: 2, accepted, payload: {} })
  assert.equal(payment.accepted.asset, mixed.toLowerCase())
})

test('a message that is wrong names the member', () => {
  assert.throws(
    () => parseMessage(PaymentPayload, { x402Version: 2, accepted: {}, payload: {} }, 'payment'),
    { code: 'INVALID_MESSAGE', message: /payment: accepted\./ },
  )
  for (const wrong of ['-1', '01', '1.5', `${1n << 128n}`, '0x10'])
    assert.equal(
      BatchPayload.safeParse({ type: 'voucher', voucher: { maxClaimableAmount: wrong } }).success,
      false,
    )
})

test('network names and chain ids convert both ways', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (chainId) => {
      assert.equal(networkToChainId(chainIdToNetwork(chainId)), chainId)
    }),
  )
  for (const name of ['eip155:0', 'eip155:', 'solana:1', 'eip155:1x'])
    assert.throws(() => networkToChainId(name), { code: 'INVALID_NETWORK' })
})
