import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { isReceiptIncluded } from '@quoin/protocol'
import { startAnvil } from '../test-support/anvil.ts'
import { openTestMarket, temporaryFolder } from '../test-support/open-test-market.ts'
import { callOf, callRequest, createVoucherPayer, finish } from '../test-support/voucher-payer.ts'

const stack = new AsyncDisposableStack()
after(() => stack.disposeAsync())

test('a root that was sent but not recorded is found on the chain, not sent again', async () => {
  const folder = stack.use(await temporaryFolder()).path
  const chain = stack.use(await startAnvil())
  const first = await openTestMarket(chain, folder)
  const payer = stack.use(await createVoucherPayer(chain, first, 1))
  await payer.deposit(100_000n)
  const header = await payer.header(1000n)
  const { receipt } = await finish(
    callOf(await first.admit(callRequest({ body: 'a', header }))),
    'x',
  )
  const sent = await first.anchorNow()
  assert.ok(sent)
  await first[Symbol.asyncDispose]()
  forgetTransaction(folder)

  const second = stack.use(await openTestMarket(chain, folder))
  assert.equal(await second.receipts.proof(receipt.id), null)
  const block = await chain.client.getBlockNumber()
  assert.deepEqual(await second.anchorNow(), sent)
  assert.equal(await chain.client.getBlockNumber(), block, 'nothing was sent')
  const proof = await second.receipts.proof(receipt.id)
  assert.ok(proof && isReceiptIncluded(receipt.id, proof))
})

/** The state of the records when the process dies between sending and recording. */
function forgetTransaction(folder: string): void {
  const db = new DatabaseSync(join(folder, 'market.sqlite'))
  db.exec('update anchors set transaction_hash = null, block_number = null')
  db.close()
}
