import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devAccount, startAnvil } from '@quoin/testing'
import { createLedger, isLedgerError, type LedgerErrorCode } from '../index.ts'

const to = '0x00000000000000000000000000000000000000aa'
const from = devAccount(0)

test('64 transfers sent at once take 64 nonces in a row', async () => {
  await using chain = await startAnvil({ blockTimeSeconds: 1 })
  await using ledger = createLedger({ rpcUrl: chain.rpcUrl, account: from })
  const sends = Array.from({ length: 64 }, () => ledger.credit.transfer(to, 1n))
  const hashes = new Set((await Promise.all(sends)).map(({ transactionHash }) => transactionHash))
  assert.equal(hashes.size, 64)
  assert.equal(await ledger.credit.balanceOf(to), 64n)
  assert.equal(await ledger.client.getTransactionCount({ address: from.address }), 64)
  assert.equal(ledger.sender.inFlight, 0)
})

test('a transfer that would revert uses no nonce, and those beside it go through', async () => {
  await using chain = await startAnvil({ blockTimeSeconds: 1 })
  await using ledger = createLedger({ rpcUrl: chain.rpcUrl, account: from })
  const sends = [1n, 10n ** 30n, 2n, 10n ** 30n, 3n].map((amount) =>
    ledger.credit.transfer(to, amount),
  )
  const outcomes = await Promise.allSettled(sends)
  assert.deepEqual(
    outcomes.map(({ status }) => status === 'fulfilled'),
    [true, false, true, false, true],
  )
  const excessive = ledger.credit.transfer(to, 10n ** 30n)
  await rejectsWith(excessive, 'CALL_REVERTED', 'ERC20InsufficientBalance')
  assert.equal(await ledger.credit.balanceOf(to), 6n)
  assert.equal(await ledger.client.getTransactionCount({ address: from.address }), 3)
})

test('a transaction that reverts in its block says why', async () => {
  await using chain = await startAnvil()
  await using ledger = createLedger({ rpcUrl: chain.rpcUrl, account: devAccount(1) })
  const data = '0x40c10f19'.padEnd(138, '0') as `0x${string}`
  const order = { to: ledger.addresses.credit, data, gas: 100_000n, doing: 'mint' }
  await rejectsWith(ledger.sender.send(order), 'TRANSACTION_REVERTED', 'OwnableUnauthorizedAccount')
  await ledger.credit.transfer(to, 1n)
})

test('two senders of one account do not lose or repeat a transfer', async () => {
  await using chain = await startAnvil({ blockTimeSeconds: 1 })
  await using one = createLedger({ rpcUrl: chain.rpcUrl, account: from })
  await using two = createLedger({ rpcUrl: chain.rpcUrl, account: from })
  const sends = Array.from({ length: 10 }, (_, i) => (i % 2 ? one : two).credit.transfer(to, 1n))
  await Promise.all(sends)
  assert.equal(await one.credit.balanceOf(to), 10n)
})

test('what the node forgot in a restart is sent again, with the nonces it had', async () => {
  await using chain = await startAnvil({ blockTimeSeconds: 5 })
  const sending = { resendAfterMs: 300 }
  await using ledger = createLedger({ rpcUrl: chain.rpcUrl, account: from, sending })
  const sends = Promise.all(Array.from({ length: 5 }, () => ledger.credit.transfer(to, 1n)))
  sends.catch(() => {})
  while (ledger.sender.inFlight < 5) await new Promise((resolve) => setTimeout(resolve, 20))
  await chain.stop()
  await chain.start()
  await sends
  assert.equal(await ledger.credit.balanceOf(to), 5n)
  assert.equal(await ledger.client.getTransactionCount({ address: from.address }), 5)
})

test('a transaction whose fees became too low is sent again with higher ones', async () => {
  await using chain = await startAnvil()
  const sending = { resendAfterMs: 200, bumpAfterMs: 200 }
  await using ledger = createLedger({ rpcUrl: chain.rpcUrl, account: from, sending })
  const anvil = (method: string, ...params: unknown[]) =>
    ledger.client.request({ method, params } as never)
  await anvil('evm_setAutomine', false)
  const sent = ledger.credit.transfer(to, 1n)
  while (ledger.sender.inFlight < 1) await new Promise((resolve) => setTimeout(resolve, 20))
  await anvil('anvil_setNextBlockBaseFeePerGas', '0x4a817c800')
  await anvil('evm_setIntervalMining', 1)
  const { feeWei, gasUsed } = await sent
  assert(feeWei / gasUsed > 3_000_000_000n, 'it paid more than it first offered')
})

test('waiting stops when asked, and says where to look', async () => {
  await using chain = await startAnvil({ blockTimeSeconds: 30 })
  await using ledger = createLedger({ rpcUrl: chain.rpcUrl, account: from })
  const sent = ledger.credit.transfer(to, 1n, { signal: AbortSignal.timeout(800) })
  await rejectsWith(sent, 'TRANSACTION_PENDING')
})

test('a ledger without an account refuses to write, and one without a chain says so', async () => {
  await using ledger = createLedger({ rpcUrl: 'http://127.0.0.1:1' })
  await rejectsWith(ledger.credit.transfer(to, 1n), 'READ_ONLY')
  await rejectsWith(ledger.blockNumber(), 'RPC_UNREACHABLE')
  await using writing = createLedger({ rpcUrl: 'http://127.0.0.1:1', account: from })
  await rejectsWith(writing.credit.transfer(to, 1n), 'RPC_UNREACHABLE')
})

async function rejectsWith(promise: Promise<unknown>, code: LedgerErrorCode, solidity?: string) {
  await assert.rejects(promise, (error) => {
    assert(isLedgerError(error, code), String(error))
    if (solidity) assert.equal(error.detail.error, solidity)
    return true
  })
}
