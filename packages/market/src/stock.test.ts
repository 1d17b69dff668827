import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { creditAbi, predeployAddresses } from '@quoin/contracts'
import { decodePaymentResponseHeader } from '@x402/fetch'
import type { Market } from './interface.ts'
import { startAnvil, type TestChain } from './test-support/anvil.ts'
import { openTestMarket, temporaryFolder } from './test-support/open-test-market.ts'
import { type PaidServer, startPaidServer } from './test-support/paid-server.ts'
import { stockBatchClient, stockExactClient } from './test-support/stock-clients.ts'

const stack = new AsyncDisposableStack()
let chain: TestChain
let market: Market
let server: PaidServer

before(async () => {
  const folder = stack.use(await temporaryFolder())
  chain = stack.use(await startAnvil())
  market = stack.use(await openTestMarket(chain, folder.path))
  server = stack.use(
    await startPaidServer(market, {
      ceilingAtomic: 1000n,
      run: async () => ({ answer: '{"ok":1}', amountAtomic: 700n }),
    }),
  )
})
after(() => stack.disposeAsync())

test('the stock batch-settlement client opens a channel with its first call and pays on', async () => {
  const { fetch } = stockBatchClient(chain, 1)
  for (let i = 1; i <= 5; i++) {
    const response = await fetch(server.url, { method: 'POST', body: `call ${i}` })
    assert.deepEqual(await response.json(), { ok: 1 })
    assert.equal(response.status, 200)
    const settled = decodePaymentResponseHeader(response.headers.get('PAYMENT-RESPONSE') ?? '')
    assert.equal(settled.extra?.chargedAmount, '700')
  }
  const payer = (await market.receipts.list({ limit: 1 }))[0]?.receipt.payer
  assert.ok(payer)
  const [channel] = await market.channels.list({ payer, limit: 10 })
  assert.equal(channel?.charged, 3500n)
  assert.equal(channel?.reserved, 0n)
  assert.equal(channel?.balance, 10_000n)
})

test('64 calls at once by one stock client on one channel are all answered', async () => {
  const { fetch } = stockBatchClient(chain, 2)
  const before = server.served()
  const answers = await Promise.all(
    Array.from({ length: 64 }, async (_, i) => {
      const response = await fetch(server.url, { method: 'POST', body: `at once ${i}` })
      return `${response.status} ${await response.text()}`
    }),
  )
  assert.deepEqual(new Set(answers), new Set(['200 {"ok":1}']))
  assert.equal(server.served() - before, 64)
})

test('64 calls at once are all answered also when they are alike to the letter', async () => {
  const { fetch } = stockBatchClient(chain, 8)
  const answers = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const response = await fetch(server.url, { method: 'POST', body: 'the same' })
      return `${response.status} ${await response.text()}`
    }),
  )
  assert.deepEqual(new Set(answers), new Set(['200 {"ok":1}']))
})

test('the stock client pays stream after stream with no round trip more than it needs', async () => {
  const { fetch } = stockBatchClient(chain, 7)
  const url = server.url.replace('/paid', '/stream')
  const before = server.refused()
  for (let i = 0; i < 4; i++) {
    const response = await fetch(url, { method: 'POST', body: `stream ${i}` })
    assert.equal(await response.text(), 'data: {"ok":1}\n\n')
  }
  assert.equal(server.refused() - before, 4, 'only the first request of each call, without payment')
  const [receipt] = await market.receipts.list({ limit: 1 })
  assert.equal(receipt?.receipt.cumulative, 2800n, 'the receipt has the truth')
})

test('the stock exact client pays call by call, and its transfers arrive', async () => {
  const { fetch } = stockExactClient(chain, 3)
  const before = await earned()
  for (let i = 0; i < 3; i++) {
    const response = await fetch(server.url, { method: 'POST', body: `exact ${i}` })
    assert.equal(response.status, 200)
  }
  const { paidAtomic } = await market.settleNow()
  assert.equal((await earned()) - before - paidAtomic, 3000n)
})

test('the stock client gets back what it did not spend', async () => {
  const { fetch, scheme } = stockBatchClient(chain, 4)
  const response = await fetch(server.url, { method: 'POST', body: 'one' })
  assert.equal(response.status, 200)
  const settled = await scheme.refund(server.url)
  assert.equal(settled.success, true)
  assert.equal(settled.amount, '9300')
})

function earned(): Promise<bigint> {
  return chain.client.readContract({
    address: predeployAddresses.credit,
    abi: creditAbi,
    functionName: 'balanceOf',
    args: [market.providerAddress],
  })
}
