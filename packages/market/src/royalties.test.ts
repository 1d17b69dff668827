import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { PaymentRequired, x402Errors } from '@quoin/protocol'
import { startAnvil } from './test-support/anvil.ts'
import { openTestMarket, temporaryFolder } from './test-support/open-test-market.ts'
import {
  callOf,
  callRequest,
  createVoucherPayer,
  finish,
  refusalOf,
} from './test-support/voucher-payer.ts'

const stack = new AsyncDisposableStack()
after(() => stack.disposeAsync())

const owner = `0x${'0d'.repeat(20)}` as const
const rest = `0x${'0e'.repeat(20)}` as const

test('the money of a service with a split goes to the split, and nowhere else', async () => {
  const folder = stack.use(await temporaryFolder()).path
  const chain = stack.use(await startAnvil())
  const market = stack.use(await openTestMarket(chain, folder))
  const plain = stack.use(await createVoucherPayer(chain, market, 1))
  const { splits } = plain.ledger
  const { splitId } = await splits.create([
    { payee: owner, basisPoints: 1500 },
    { payee: rest, basisPoints: 8500 },
  ])
  const payTo = await splits.till(splitId)

  const { demand } = refusalOf(await market.admit(callRequest({ body: 'price?', payTo })))
  const [offer] = PaymentRequired.parse(demand).accepts
  assert.equal(offer?.payTo, payTo.toLowerCase())
  assert.equal(offer?.extra?.provider, market.providerAddress)

  const payer = stack.use(await createVoucherPayer(chain, market, 2, payTo))
  await payer.deposit(100_000n)
  const header = await payer.header(1000n)
  const elsewhere = refusalOf(await market.admit(callRequest({ body: 'a', header })))
  assert.equal(elsewhere.code, x402Errors.receiverMismatch)
  const call = callOf(await market.admit(callRequest({ body: 'a', header, payTo })))
  const { receipt } = await finish(call, 'x', 701n)
  assert.equal(receipt.receipt.provider, market.providerAddress)

  const { paidAtomic } = await market.settleNow()
  assert.equal(paidAtomic, 701n)
  const token = plain.ledger.addresses.credit
  assert.equal((await splits.collect(splitId, token)).amount, 701n)
  assert.equal(await splits.owed(splitId, token, owner), 105n)
  assert.equal(await splits.owed(splitId, token, rest), 595n)
})

test('what a refund claimed for a split reaches its till too', async () => {
  const folder = stack.use(await temporaryFolder()).path
  const chain = stack.use(await startAnvil())
  const market = stack.use(await openTestMarket(chain, folder))
  const first = stack.use(await createVoucherPayer(chain, market, 1))
  const { splits, addresses, credit } = first.ledger
  const { splitId } = await splits.create([
    { payee: owner, basisPoints: 1 },
    { payee: rest, basisPoints: 9999 },
  ])
  const payTo = await splits.till(splitId)
  const payer = stack.use(await createVoucherPayer(chain, market, 2, payTo))
  await payer.deposit(5000n)
  const header = await payer.header(1000n)
  await finish(callOf(await market.admit(callRequest({ body: 'a', header, payTo }))), 'x', 333n)
  const refund = await payer.header(333n, { type: 'refund' })
  const answer = await market.admit(callRequest({ body: 'rest', header: refund }))
  assert.equal(answer.kind, 'replayed', JSON.stringify(answer))
  assert.equal(await credit.balanceOf(payTo), 0n)
  assert.equal((await market.settleNow()).paidAtomic, 333n)
  assert.equal((await splits.collect(splitId, addresses.credit)).amount, 333n)
})

test('whatever is charged, and however often it is fetched, everybody gets the share of the sum', async () => {
  const folder = stack.use(await temporaryFolder()).path
  const chain = stack.use(await startAnvil())
  const market = stack.use(await openTestMarket(chain, folder))
  const first = stack.use(await createVoucherPayer(chain, market, 1))
  const { splits, addresses, credit } = first.ledger
  const token = addresses.credit
  const draw = randomNumbers(20_261_121)
  for (let round = 0; round < 4; round++) {
    const cut = [draw(9_000), draw(900)].map((share) => share + 1)
    const basisPoints = [...cut, 10_000 - cut.reduce((sum, share) => sum + share, 0)]
    const payees = basisPoints.map((_, at): Hex => `0x${`${round}${at + 1}`.repeat(20)}`)
    const shares = payees.map((payee, at) => ({ payee, basisPoints: basisPoints[at] ?? 0 }))
    const { splitId } = await splits.create(shares)
    const payTo = await splits.till(splitId)
    const payer = stack.use(await createVoucherPayer(chain, market, 2 + round, payTo))
    await payer.deposit(1_000_000n)
    let total = 0n
    for (let call = 0; call < 12; call++) {
      const amount = BigInt(draw(30_000))
      const header = await payer.header(total + 30_000n, { accepted: 30_000n })
      const wish = { body: `${round} ${call}`, header, payTo, ceiling: 30_000n }
      await finish(callOf(await market.admit(callRequest(wish))), 'x', amount)
      total += amount
      if (draw(3) > 0) continue
      await market.settleNow()
      await splits.collect(splitId, token)
      for (const payee of payees) if (draw(2) > 0) await splits.withdraw([splitId], token, payee)
    }
    await market.settleNow()
    await splits.collect(splitId, token)
    let paid = 0n
    for (const { payee, basisPoints } of shares) {
      await splits.withdraw([splitId], token, payee)
      const has = await credit.balanceOf(payee)
      assert.equal(has, (total * BigInt(basisPoints)) / 10_000n)
      paid += has
    }
    assert.ok(total - paid >= 0n && total - paid < BigInt(shares.length))
    assert.equal(await credit.balanceOf(payTo), 0n)
  }
})

/** Numbers from 0 to below a limit, the same at each run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
