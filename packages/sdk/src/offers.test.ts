import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeJsonHeader, headerNames, type PaymentRequirements } from '@quoin/protocol'
import type { SpendingLimits } from './limits.ts'
import { quoinNetwork } from './networks.ts'
import { chooseOffer, type Demand, parseDemand } from './offers.ts'

const address = `0x${'aa'.repeat(20)}` as const
const { network, assets } = quoinNetwork()
const limits: SpendingLimits = {
  cap: 1_000n,
  expiresAt: 2_000_000_000,
  allowedAssets: assets,
  maxWithdrawDelay: 86_400,
}

function offerOf(scheme: string, more: Partial<PaymentRequirements> = {}): PaymentRequirements {
  const escrow = { receiverAuthorizer: address, withdrawDelay: 900 }
  return {
    scheme,
    network,
    amount: '10',
    asset: assets[0]?.asset ?? address,
    payTo: address,
    maxTimeoutSeconds: 60,
    extra: { name: 'Quoin Credit', version: '1', ...(scheme === 'exact' ? {} : escrow) },
    ...more,
  }
}

function demandOf(...offers: PaymentRequirements[]): Demand {
  return { error: null, resource: { url: 'http://provider/v1' }, offers, extensions: null }
}

test('escrow is taken before one transfer a call, whatever the order of offers', () => {
  const demand = demandOf(offerOf('exact'), offerOf('batch-settlement'))
  assert.equal(chooseOffer(demand, limits).scheme, 'batch-settlement')
  assert.equal(chooseOffer(demandOf(offerOf('exact')), limits).scheme, 'exact')
})

test('escrow that would hold a withdrawal up for too long is not taken', () => {
  const slow = offerOf('batch-settlement', {
    extra: { name: 'x', version: '1', receiverAuthorizer: address, withdrawDelay: 2_592_000 },
  })
  assert.equal(chooseOffer(demandOf(slow, offerOf('exact')), limits).scheme, 'exact')
  assert.throws(() => chooseOffer(demandOf(slow), limits), {
    code: 'NO_ACCEPTABLE_OFFER',
    message: /withdrawal would take 2592000 s/,
  })
})

test('a price over the limit is told apart from offers of the wrong kind', () => {
  const dear = offerOf('batch-settlement', { amount: '1001' })
  assert.throws(() => chooseOffer(demandOf(dear), limits), { code: 'CALL_TOO_EXPENSIVE' })
  const foreign = offerOf('exact', { network: 'eip155:1' })
  assert.throws(() => chooseOffer(demandOf(foreign), limits), { code: 'NO_ACCEPTABLE_OFFER' })
  assert.throws(() => chooseOffer(demandOf(offerOf('upto')), limits), { message: /upto/ })
})

test('a 402 that is not x402 version 2 is a violation that names the address', () => {
  const responses = [
    new Response(null, { status: 402 }),
    new Response(null, { status: 402, headers: { [headerNames.paymentRequired]: '%%%' } }),
    new Response(null, {
      status: 402,
      headers: { [headerNames.paymentRequired]: encodeJsonHeader({ x402Version: 1 }) },
    }),
  ]
  for (const response of responses)
    assert.throws(() => parseDemand(response), { code: 'PROTOCOL_VIOLATION' })
})
