import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesToHex, type Hex } from '@quoin/kernel'
import {
  batchDomain,
  batchTypes,
  channelIdOf,
  eip3009Types,
  type Receipt,
  receiptIdOf,
  voucherTypedData,
} from '@quoin/protocol'
import fc from 'fast-check'
import { hashTypedData } from 'viem'
import { createDigests } from './digest.ts'

const settlement: Hex = '0x4020074e9df2ce1dee5a9c1b5c3f541d02a10003'
const receipts: Hex = '0x51756f696e000000000000000000000000000003'
const token = {
  address: '0x51756f696e000000000000000000000000000001',
  name: 'Quoin Credit',
  version: '1',
} as const
const chainId = 31_402
const digests = createDigests({ chainId, settlement, receipts, token })

const bytes = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((value) => bytesToHex(value))
const uint = (bits: bigint) => fc.bigInt({ min: 0n, max: (1n << bits) - 1n })

test('a voucher has the digest that viem computes', () => {
  fc.assert(
    fc.property(bytes(32), uint(128n), (channelId, maxClaimableAmount) => {
      const expected = hashTypedData(voucherTypedData({ channelId, maxClaimableAmount }, chainId))
      assert.equal(bytesToHex(digests.voucher(channelId, maxClaimableAmount)), expected)
    }),
  )
})

test('a channel has the id that viem computes', () => {
  const config = fc.record({
    payer: bytes(20),
    payerAuthorizer: bytes(20),
    receiver: bytes(20),
    receiverAuthorizer: bytes(20),
    token: bytes(20),
    withdrawDelay: fc.nat({ max: 2 ** 31 - 1 }),
    salt: bytes(32),
  })
  fc.assert(
    fc.property(config, (value) => {
      assert.equal(digests.channelId(value), channelIdOf(value, chainId))
    }),
  )
})

test('refunds and batches of claims have the digests that viem computes', () => {
  const entry = fc.record({
    channelId: bytes(32),
    maxClaimableAmount: uint(128n),
    totalClaimed: uint(128n),
  })
  const domain = batchDomain(chainId)
  const { ClaimBatch, ClaimEntry, Refund } = batchTypes
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), uint(256n), (claims, nonce) => {
      const ours = claims.map(({ maxClaimableAmount, ...rest }) => ({
        ...rest,
        maxClaimable: maxClaimableAmount,
      }))
      const batch = { domain, types: { ClaimBatch, ClaimEntry }, message: { claims } }
      assert.equal(
        bytesToHex(digests.claimBatch(ours)),
        hashTypedData({ ...batch, primaryType: 'ClaimBatch' }),
      )
      const { channelId, totalClaimed: amount } = claims[0] ?? assert.fail()
      const refund = { domain, types: { Refund }, message: { channelId, nonce, amount } }
      assert.equal(
        bytesToHex(digests.refund(channelId, nonce, amount)),
        hashTypedData({ ...refund, primaryType: 'Refund' }),
      )
    }),
  )
})

test('a receipt has the id that the protocol computes', () => {
  const receipt: fc.Arbitrary<Receipt> = fc.record({
    serviceId: bytes(32),
    channelId: bytes(32),
    payer: bytes(20),
    provider: bytes(20),
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
  fc.assert(
    fc.property(receipt, (value) => {
      assert.equal(bytesToHex(digests.receipt(value)), receiptIdOf(value, { chainId, receipts }))
    }),
  )
})

test('both EIP-3009 authorizations have the digests that viem computes', () => {
  const number = uint(256n).map(String)
  const authorization = fc.record({
    from: bytes(20),
    to: bytes(20),
    value: uint(128n).map(String),
    validAfter: number,
    validBefore: number,
    nonce: bytes(32),
  })
  fc.assert(
    fc.property(authorization, (value) => {
      const { name, version, address: verifyingContract } = token
      const typed = {
        domain: { name, version, chainId, verifyingContract },
        types: eip3009Types,
        message: {
          ...value,
          value: BigInt(value.value),
          validAfter: BigInt(value.validAfter),
          validBefore: BigInt(value.validBefore),
        },
      } as const
      const transfer = hashTypedData({ ...typed, primaryType: 'TransferWithAuthorization' })
      const receive = hashTypedData({ ...typed, primaryType: 'ReceiveWithAuthorization' })
      assert.equal(bytesToHex(digests.transfer(value)), transfer)
      assert.equal(bytesToHex(digests.receive(value)), receive)
    }),
  )
})
