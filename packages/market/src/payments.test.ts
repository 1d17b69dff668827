import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { anyScope, isReceiptIncluded, isReceiptSigned, x402Errors } from '@quoin/protocol'
import type { Market } from './interface.ts'
import { startAnvil, type TestChain } from './test-support/anvil.ts'
import { openTestMarket, temporaryFolder } from './test-support/open-test-market.ts'
import {
  callOf,
  callRequest,
  createVoucherPayer,
  finish,
  refusalOf,
  until,
  type VoucherPayer,
} from './test-support/voucher-payer.ts'

const stack = new AsyncDisposableStack()
const funds = 100_000n
let chain: TestChain
let market: Market
let folder: string
let nextPayer = 1

before(async () => {
  folder = stack.use(await temporaryFolder()).path
  chain = stack.use(await startAnvil())
  market = stack.use(await openTestMarket(chain, folder, { limits: { waitMs: 2000, turnMs: 100 } }))
})
after(() => stack.disposeAsync())

async function fundedPayer(): Promise<VoucherPayer> {
  const payer = stack.use(await createVoucherPayer(chain, market, nextPayer++))
  await payer.deposit(funds)
  return payer
}

test('a paid call gives a receipt that verifies, with sequence and sum', async () => {
  const payer = await fundedPayer()
  for (const [sequence, cumulative] of [
    [1n, 700n],
    [2n, 1400n],
  ] as const) {
    const header = await payer.header(cumulative - 700n + 1000n)
    const call = callOf(await market.admit(callRequest({ body: 'hello', header })))
    const { receipt } = await finish(call, 'answer')
    assert.equal(receipt.receipt.sequence, sequence)
    assert.equal(receipt.receipt.cumulative, cumulative)
    const domain = { chainId: chain.chainId, receipts: payer.ledger.addresses.receipts }
    assert.equal(await isReceiptSigned(receipt, domain), true)
    assert.deepEqual(await market.receipts.get(receipt.id), receipt)
  }
})

test('a voucher pays once: a replay is told to sign anew, and costs nothing', async () => {
  const payer = await fundedPayer()
  const header = await payer.header(1000n)
  const call = callOf(await market.admit(callRequest({ body: 'a', header })))
  const meanwhile = refusalOf(await market.admit(callRequest({ body: 'b', header })))
  assert.equal(meanwhile.code, x402Errors.cumulativeMismatch)
  await finish(call, 'answer')
  const later = refusalOf(await market.admit(callRequest({ body: 'c', header })))
  assert.equal(later.status, 402)
  assert.equal(later.code, x402Errors.cumulativeMismatch)
  assert.equal((await market.channels.get(payer.channelId))?.charged, 700n)
})

test('many calls run at once on one channel, and their vouchers may come in any order', async () => {
  const payer = await fundedPayer()
  const values = Array.from({ length: 64 }, (_, i) => BigInt(i + 1) * 1000n)
  const shuffled = values.toSorted(
    (a, b) => Number((a * 7919n) % 64_013n) - Number((b * 7919n) % 64_013n),
  )
  const admissions = await Promise.all(
    shuffled.map(async (max) => {
      const header = await payer.header(max)
      return market.admit(callRequest({ body: `call ${max}`, header }))
    }),
  )
  assert.equal((await market.channels.get(payer.channelId))?.reserved, 64_000n)
  await Promise.all(admissions.map((admission) => finish(callOf(admission), 'x', 900n)))
  const channel = await market.channels.get(payer.channelId)
  assert.equal(channel?.charged, 57_600n)
  assert.equal(channel?.reserved, 0n)
})

test('a voucher that does not cover the running calls waits for them, and is then served', async () => {
  const payer = await fundedPayer()
  const first = await market.admit(callRequest({ body: '1', header: await payer.header(1000n) }))
  const second = market.admit(callRequest({ body: '2', header: await payer.header(1500n) }))
  await finish(callOf(first), 'x', 300n)
  await finish(callOf(await second), 'y', 1000n)
  assert.equal((await market.channels.get(payer.channelId))?.charged, 1300n)
})

test('a cancelled call costs nothing and its voucher is good again', async () => {
  const payer = await fundedPayer()
  const header = await payer.header(1000n)
  const call = callOf(await market.admit(callRequest({ body: 'a', header })))
  await call.cancel('the model failed')
  const again = callOf(await market.admit(callRequest({ body: 'a', header })))
  await finish(again, 'x')
  assert.equal((await market.channels.get(payer.channelId))?.charged, 700n)
})

test('no call is charged above its ceiling, and none twice', async () => {
  const payer = await fundedPayer()
  const header = await payer.header(1000n)
  const call = callOf(await market.admit(callRequest({ body: 'a', header })))
  await assert.rejects(finish(call, 'x', 1001n), { code: 'AMOUNT_ABOVE_CEILING' })
  await finish(call, 'x', 1000n)
  await assert.rejects(finish(call, 'x', 1000n), { code: 'CALL_ENDED' })
})

test('the same idempotency key gives the same answer for free, also while the first still runs', async () => {
  const payer = await fundedPayer()
  const key = 'order-1'
  const header = await payer.header(1000n)
  const call = callOf(await market.admit(callRequest({ body: 'a', header, key })))
  const early = market.admit(callRequest({ body: 'a', header, key }))
  const { receipt, headers } = await finish(call, 'the answer')
  const late = market.admit(callRequest({ body: 'a', header: await payer.header(2000n), key }))
  for (const replay of [await early, await late]) {
    assert.ok(replay.kind === 'replayed')
    assert.equal(replay.status, 200)
    assert.equal(Buffer.from(replay.body).toString(), 'the answer')
    assert.equal(replay.headers['QUOIN-RECEIPT'], headers['QUOIN-RECEIPT'])
  }
  assert.equal(receipt.receipt.amount, 700n)
  assert.equal((await market.channels.get(payer.channelId))?.charged, 700n)
  const clash = refusalOf(await market.admit(callRequest({ body: 'other', header, key })))
  assert.equal(clash.status, 422)
  assert.equal(clash.code, 'idempotency_key_reused')
})

test('wrong signatures, channels and amounts each get their own reason', async () => {
  const payer = await fundedPayer()
  const wrong = await payer.header(1000n, { signature: `0x${'11'.repeat(64)}1b` })
  const cases = [
    [wrong, x402Errors.voucherSignature],
    [await payer.header(1000n, { accepted: 10n }), x402Errors.invalidPayment],
    ['%%%', x402Errors.invalidPayment],
    [Buffer.from('{"x402Version":1}').toString('base64'), x402Errors.invalidPayment],
    ['A'.repeat(20_000), x402Errors.invalidPayment],
  ] as const
  for (const [header, code] of cases) {
    const refusal = refusalOf(await market.admit(callRequest({ body: 'a', header })))
    assert.equal(refusal.status, 402)
    assert.equal(refusal.code, code)
  }
  assert.equal((await market.channels.get(payer.channelId))?.charged ?? 0n, 0n)
})

test('a call beyond the funds is first corrected, then refused with the reason', async () => {
  const payer = await fundedPayer()
  const wish = { body: 'a', ceiling: 200_000n }
  const header = await payer.header(200_000n, { accepted: 200_000n })
  const first = refusalOf(await market.admit(callRequest({ ...wish, header })))
  assert.equal(first.code, x402Errors.cumulativeMismatch)
  const second = refusalOf(await market.admit(callRequest({ ...wish, header })))
  assert.equal(second.code, x402Errors.cumulativeExceedsBalance)
})

test('a session key is held to its cap, its scope and its expiry, and its payer can loosen them', async () => {
  const payer = await fundedPayer()
  const { sessions } = payer.ledger
  const now = Number((await chain.client.getBlock()).timestamp)
  const refused = async (max: bigint) =>
    refusalOf(await market.admit(callRequest({ body: 'a', header: await payer.header(max) })))
  const authorize = (capAtomic: bigint, expiresAt: number, scope: `0x${string}`) =>
    sessions.authorize(payer.config, { capAtomic, expiresAt, scope })
  const follow = (cap: bigint, expiresAt: number) =>
    until(async () => {
      const session = (await market.channels.get(payer.channelId))?.session
      return session?.capAtomic === cap && session.expiresAt === expiresAt
    }, 'the market learns of the session')

  await authorize(1500n, now + 3600, anyScope)
  const header = await payer.header(1000n)
  await finish(callOf(await market.admit(callRequest({ body: 'a', header }))), 'x')
  await follow(1500n, now + 3600)
  const overCap = await refused(1700n)
  assert.equal(overCap.code, x402Errors.sessionCap)
  assert.match(overCap.message, /Raise the cap/)

  await authorize(50_000n, now + 3600, `0x${'77'.repeat(32)}`)
  await follow(50_000n, now + 3600)
  assert.equal((await refused(1700n)).code, x402Errors.sessionScope)

  await authorize(60_000n, now + 3601, anyScope)
  await follow(60_000n, now + 3601)
  const again = await payer.header(1700n)
  await finish(callOf(await market.admit(callRequest({ body: 'a', header: again }))), 'x')

  await sessions.revoke(payer.config)
  await until(
    async () =>
      ((await market.channels.get(payer.channelId))?.session?.expiresAt ?? 0) < now + 3600,
    'the market learns of the end',
  )
  const expired = await refused(2400n)
  assert.equal(expired.code, x402Errors.sessionExpired)
  assert.match(expired.message, /Authorize it again/)
})

test('when a payer asks for its money back, what is owed is claimed at once', async () => {
  const payer = await fundedPayer()
  const header = await payer.header(1000n)
  await finish(callOf(await market.admit(callRequest({ body: 'a', header }))), 'x')
  await payer.ledger.channels.requestWithdraw(payer.config, funds)
  await until(async () => {
    const state = await payer.ledger.channels.state(payer.channelId)
    return state.totalClaimed === 700n
  }, 'the claim')
  const refusal = refusalOf(
    await market.admit(callRequest({ body: 'b', header: await payer.header(1700n) })),
  )
  assert.ok(
    [x402Errors.withdrawalPending, x402Errors.cumulativeMismatch].includes(refusal.code as never),
  )
})

test('settling claims every channel once and pays the provider', async () => {
  const payer = await fundedPayer()
  const header = await payer.header(1000n)
  await finish(callOf(await market.admit(callRequest({ body: 'a', header }))), 'x')
  // Of the escrow, not of the provider: transfers of earlier `exact` calls may reach that one meanwhile.
  const escrow = payer.ledger.addresses.settlement
  const before = await payer.ledger.credit.balanceOf(escrow)
  const settlement = await market.settleNow()
  const claim = settlement.claims.find(({ channelId }) => channelId === payer.channelId)
  assert.equal(claim?.totalClaimed, 700n)
  const paid = before - (await payer.ledger.credit.balanceOf(escrow))
  assert.equal(paid, settlement.paidAtomic)
  assert.ok(paid >= 700n)
  assert.deepEqual(await market.settleNow(), { claims: [], transactions: [], paidAtomic: 0n })
})

test('anchored receipts have proofs that the chain accepts', async () => {
  const payer = await fundedPayer()
  const header = await payer.header(1000n)
  const { receipt } = await finish(
    callOf(await market.admit(callRequest({ body: 'a', header }))),
    'x',
  )
  assert.equal(await market.receipts.proof(receipt.id), null)
  const anchor = await market.anchorNow()
  const proof = await market.receipts.proof(receipt.id)
  assert.ok(proof && anchor)
  assert.deepEqual(proof.anchor, anchor)
  assert.equal(isReceiptIncluded(receipt.id, proof), true)
  const { epoch } = anchor
  const onChain = { signature: receipt.signature, epoch, path: proof.path }
  assert.equal(await payer.ledger.receipts.verify(receipt.receipt, onChain), true)
  const forged = { ...receipt.receipt, amount: 1n }
  assert.equal(await payer.ledger.receipts.verify(forged, onChain), false)
  assert.equal(await market.anchorNow(), null)
})
