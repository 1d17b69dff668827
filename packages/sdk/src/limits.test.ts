import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  assertNotExpired,
  depositFor,
  type OfferTerms,
  offerRefusal,
  type SpendingLimits,
} from './limits.ts'
import { creditAddress, quoinNetwork } from './networks.ts'

const receiver = '0x00000000000000000000000000000000000000aA'
const limits: SpendingLimits = {
  cap: 1_000n,
  expiresAt: 2_000_000_000,
  maxWithdrawDelay: 86_400,
  allowedAssets: quoinNetwork().assets,
  maxPerCall: 100n,
  allowedReceivers: [receiver],
}
const offer: OfferTerms = {
  network: 'eip155:31402',
  asset: creditAddress.toUpperCase().replace('0X', '0x'),
  amount: 100n,
  payTo: receiver.toLowerCase(),
}

test('an offer within all limits is accepted whatever the case of its addresses', () => {
  assert.equal(offerRefusal(limits, offer), null)
})

test('an offer is refused for its network, its asset, its receiver or its price', () => {
  assert.match(offerRefusal(limits, { ...offer, network: 'eip155:1' }) ?? '', /allowed assets/)
  assert.match(offerRefusal(limits, { ...offer, asset: receiver }) ?? '', /allowed assets/)
  assert.match(offerRefusal(limits, { ...offer, payTo: creditAddress }) ?? '', /receivers/)
  assert.match(offerRefusal(limits, { ...offer, amount: 101n }) ?? '', /one call/)
})

test('nothing is signed from the moment of expiry on', () => {
  assertNotExpired(limits, 1_999_999_999_999)
  assert.throws(() => assertNotExpired(limits, 2_000_000_000_000), { code: 'LIMITS_EXPIRED' })
})

test('a deposit covers what is missing, meets the minimum, and never lets escrow pass the cap', () => {
  const amount = fc.bigInt(0n, 1_000_000n)
  fc.assert(
    fc.property(
      amount,
      amount,
      amount,
      amount,
      amount,
      (ceiling, missing, deposited, room, minimum) => {
        const cap = deposited + room
        const need = { ceiling, missing, deposited, cap, minimum }
        const least = missing > minimum ? missing : minimum
        if (room < least) {
          assert.throws(() => depositFor(need), { code: 'CAP_REACHED' })
          return
        }
        const deposit = depositFor(need)
        assert.ok(deposit >= least && deposited + deposit <= cap)
      },
    ),
  )
})
