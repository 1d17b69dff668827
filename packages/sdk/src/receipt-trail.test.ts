import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyTrail, extendTrail } from './receipt-trail.ts'

function trailOf(amounts: bigint[]) {
  let cumulative = 0n
  return amounts.map((amount, i) => {
    cumulative += amount
    return { sequence: BigInt(i + 1), amount, cumulative }
  })
}

test('honest receipts fit in any order and with gaps', () => {
  const amounts = fc.array(fc.bigInt(0n, 1_000n), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(amounts, fc.infiniteStream(fc.nat()), (amounts, picks) => {
      const receipts = trailOf(amounts)
      let trail = emptyTrail(null)
      while (receipts.length > 0) {
        const [receipt] = receipts.splice(Number(picks.next().value) % receipts.length, 1)
        assert.ok(receipt)
        const next = extendTrail(trail, receipt)
        assert.ok(typeof next === 'object', `${next}`)
        trail = next
      }
    }),
  )
})

test('a total that is padded by anything is found out', () => {
  const receipts = trailOf([5n, 7n, 9n])
  let trail = emptyTrail(null)
  for (const receipt of receipts.slice(0, 2)) {
    const next = extendTrail(trail, receipt)
    assert.ok(typeof next === 'object')
    trail = next
  }
  assert.match(`${extendTrail(trail, { sequence: 3n, amount: 9n, cumulative: 22n })}`, /add up/)
  assert.match(`${extendTrail(trail, { sequence: 4n, amount: 9n, cumulative: 20n })}`, /add up/)
  assert.match(
    `${extendTrail(trail, { sequence: 2n, amount: 7n, cumulative: 12n })}`,
    /two receipts/,
  )
})

test('a stored trail goes on from the newest receipt', () => {
  const trail = emptyTrail({ sequence: 8n, cumulative: 100n })
  assert.equal(typeof extendTrail(trail, { sequence: 9n, amount: 5n, cumulative: 105n }), 'object')
  assert.equal(typeof extendTrail(trail, { sequence: 9n, amount: 5n, cumulative: 106n }), 'string')
})
