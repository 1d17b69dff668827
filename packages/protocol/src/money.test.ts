import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatMoney, parseMoney } from './money.ts'
import { priceOf } from './price.ts'

test('money survives formatting and parsing, whatever the decimals', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 1n << 100n), fc.integer({ min: 0, max: 18 }), (atomic, decimals) => {
      assert.equal(parseMoney(formatMoney(atomic, decimals), decimals), atomic)
    }),
  )
})

test('money is written as people write it', () => {
  assert.equal(parseMoney('1.25'), 1_250_000n)
  assert.equal(formatMoney(1_250_000n), '1.25')
  assert.equal(formatMoney(1n), '0.000001')
  assert.equal(formatMoney(-1_500_000n), '-1.5')
  assert.equal(formatMoney(3_000_000n), '3')
})

test('what is not plain decimal notation is refused', () => {
  for (const text of ['', '.5', '1.', '-1', '+1', '1e3', '1,5', ' 1', '0x1', '1.0000001', 'NaN'])
    assert.throws(() => parseMoney(text), { code: 'INVALID_MONEY' }, text)
})

test('a price is exact, rounded up once, and never decreases with use', () => {
  const price = fc.record({
    callAtomic: fc.bigInt(0n, 10n ** 9n),
    inAtomicPerMillion: fc.bigInt(0n, 10n ** 12n),
    outAtomicPerMillion: fc.bigInt(0n, 10n ** 12n),
  })
  const units = fc.record({ in: fc.nat(), out: fc.nat() })
  fc.assert(
    fc.property(price, units, fc.nat(1000), (value, used, more) => {
      const cost = priceOf(value, used)
      const scaled =
        BigInt(used.in) * value.inAtomicPerMillion + BigInt(used.out) * value.outAtomicPerMillion
      const metered = (cost - value.callAtomic) * 1_000_000n
      assert.ok(metered >= scaled && metered - scaled < 1_000_000n)
      assert.ok(priceOf(value, { ...used, out: used.out + more }) >= cost)
    }),
  )
})
