import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { startAnvil } from './test-support/anvil.ts'
import { openTestMarket, temporaryFolder } from './test-support/open-test-market.ts'
import { callOf, callRequest, createVoucherPayer, finish } from './test-support/voucher-payer.ts'

const stack = new AsyncDisposableStack()
after(() => stack.disposeAsync())

test('when the records cannot be written, no running call is charged, and all goes on afterwards', async () => {
  const folder = stack.use(await temporaryFolder()).path
  const chain = stack.use(await startAnvil())
  const market = stack.use(await openTestMarket(chain, folder))
  const payer = stack.use(await createVoucherPayer(chain, market, 1))
  await payer.deposit(100_000n)
  const admit = async (max: bigint) =>
    callOf(await market.admit(callRequest({ body: `${max}`, header: await payer.header(max) })))
  await finish(await admit(1000n), 'x')
  const running = [await admit(2000n), await admit(3000n), await admit(4000n)]

  const blocker = new DatabaseSync(join(folder, 'market.sqlite'))
  blocker.exec('begin immediate')
  const results = await Promise.allSettled(running.map((call) => finish(call, 'y')))
  blocker.exec('rollback')
  blocker.close()

  for (const result of results) {
    assert.equal(result.status, 'rejected')
    assert.ok(result.status === 'rejected')
    assert.equal(result.reason.code, 'STORE_FAILED')
    assert.match(result.reason.message, /nothing was charged|not charged/)
  }
  assert.equal((await market.channels.get(payer.channelId))?.charged, 700n)
  const { receipt } = await finish(await admit(2000n), 'z')
  assert.equal(receipt.receipt.sequence, 2n)
  assert.equal(receipt.receipt.cumulative, 1400n)
})
