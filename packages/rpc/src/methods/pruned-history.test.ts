import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { openDevChain } from '../testing/dev-chain.ts'
import { richAddress, richKey } from '../testing/genesis.ts'

const chain = await openDevChain()
after(() => chain[Symbol.asyncDispose]())
const account = privateKeyToAccount(richKey)

async function mineTransfer(nonce: number): Promise<Hex> {
  const raw = await account.signTransaction({
    chainId: 31402,
    nonce,
    to: `0x${'aa'.repeat(20)}`,
    value: 1n,
    gas: 21_000n,
    gasPrice: 3_000_000_000n,
  })
  const { result } = await chain.request('eth_sendRawTransaction', [raw])
  await chain.mine()
  return result as Hex
}

const ask = async (method: string, ...params: unknown[]) =>
  (await chain.request(method, params)) as {
    result?: unknown
    error?: { code: number; message: string }
  }

test('what a pruned node no longer has is an error that says so, never an empty answer', async () => {
  const hashes: Hex[] = []
  for (let nonce = 0; nonce < 12; nonce++) hashes.push(await mineTransfer(nonce))
  const { signal } = new AbortController()
  const old = (await chain.execution.blocks.headerByNumber(3n))?.hash
  await chain.execution.prune({ keepBlocks: 4, signal })
  const gone = { code: 4444, message: 'pruned history unavailable: block 3 is not kept here' }
  for (const method of ['eth_getBlockByNumber', 'eth_getBlockTransactionCountByNumber'])
    assert.deepEqual((await ask(method, '0x3')).error, gone, method)
  assert.deepEqual((await ask('eth_getBlockByHash', old)).error, gone)
  const receipts = { code: 4444, message: /the receipts of block 3 are not kept/ }
  for (const [method, ...params] of [
    ['eth_getBlockReceipts', '0x3'],
    ['eth_getLogs', { blockHash: old }],
    ['eth_feeHistory', '0x1', '0x3', [50]],
  ] as [string, ...unknown[]][]) {
    const { error } = await ask(method, ...params)
    assert.equal(error?.code, receipts.code, method)
    assert.match(error?.message ?? '', receipts.message)
  }
  const state = await ask('eth_getBalance', richAddress, '0x3')
  assert.equal(state.error?.code, -32000)
  assert.match(state.error?.message ?? '', /^missing trie node [0-9a-f]{64} \(path \) state 0x/)
  assert.equal((await ask('eth_getTransactionReceipt', hashes[2])).result, null, 'as in geth')
  assert.equal((await ask('eth_getBlockByNumber', '0xffff')).result, null, 'never was')
  assert.ok((await ask('eth_getBlockByNumber', '0x0')).result, 'the genesis')
  assert.ok((await ask('eth_getTransactionReceipt', hashes[10])).result)
  assert.ok((await ask('eth_getBalance', richAddress, '0x9')).result)
})
