import assert from 'node:assert/strict'
import { after, test } from 'node:test'
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
