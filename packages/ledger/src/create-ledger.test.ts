import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLedger, type Ledger, quoinAddresses } from './index.ts'
import { devAccount, startAnvil, type TestChain } from './test-support/start-anvil.ts'

let chain: TestChain
let ledger: Ledger

before(async () => {
  chain = await startAnvil()
  ledger = createLedger({ rpcUrl: chain.rpcUrl, account: devAccount(0) })
})
after(async () => {
  await ledger[Symbol.asyncDispose]()
  await chain[Symbol.asyncDispose]()
})

test('the genesis holds the Credit that it was given', async () => {
  await ledger.checkChain()
  assert.equal(await ledger.credit.balanceOf(devAccount(3).address), 1_000_000_000_000n)
  const supply = await ledger.client.readContract({
    address: quoinAddresses.credit,
    abi: (await import('@quoin/contracts')).creditAbi,
    functionName: 'totalSupply',
  })
  assert.equal(supply, 10_000_000_000_000n)
})
