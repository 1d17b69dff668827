import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { openDevChain } from '../testing/dev-chain.ts'
import { richAddress, richKey } from '../testing/genesis.ts'

const chain = await openDevChain()
after(() => chain[Symbol.asyncDispose]())
const account = privateKeyToAccount(richKey)
const { signTransaction } = account

const transfer = (nonce: number, extra: object = {}) =>
  signTransaction({
    type: 'eip1559',
    chainId: 31402,
    nonce,
    to: '0x00000000000000000000000000000000000000aa',
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 3_000_000_000n,
    maxPriorityFeePerGas: 2_000_000n,
    ...extra,
  })

async function result<T>(method: string, ...params: unknown[]): Promise<T> {
  const answer = await chain.request(method, params)
  assert.equal(answer.error, undefined, JSON.stringify(answer.error))
  return answer.result as T
}

async function failure(method: string, ...params: unknown[]) {
  return (await chain.request(method, params)).error as { code: number; message: string }
}

test('the pool is shown by sender and nonce, executable and waiting apart', async () => {
  const hash = await result<Hex>('eth_sendRawTransaction', await transfer(0))
  await result('eth_sendRawTransaction', await transfer(2))
  assert.deepEqual(await result('txpool_status'), { pending: '0x1', queued: '0x1' })
  type Lanes = Record<'pending' | 'queued', Record<string, Record<string, { hash: Hex }>>>
  const content = await result<Lanes>('txpool_content')
  assert.equal(content.pending[richAddress]?.[0]?.hash, hash)
  assert.deepEqual(Object.keys(content.queued[richAddress] ?? {}), ['2'])
  const mine = await result<Record<string, object>>('txpool_contentFrom', richAddress)
  assert.deepEqual(Object.keys(mine.pending ?? {}), ['0'])
  const inspected = await result<{ pending: Record<string, Record<string, string>> }>(
    'txpool_inspect',
  )
  assert.match(inspected.pending[richAddress]?.[0] ?? '', /1 wei \+ 21000 gas × 3000000000 wei/)
  assert.equal(await result('eth_getTransactionCount', richAddress, 'pending'), '0x1')
  assert.equal(await result('eth_getTransactionCount', richAddress, 'latest'), '0x0')
  const waiting = await result<{ blockHash: null; gasPrice: Hex }>('eth_getTransactionByHash', hash)
  assert.deepEqual([waiting.blockHash, waiting.gasPrice], [null, '0xb2d05e00'])
  await chain.mine()
  assert.equal(await result('eth_getTransactionCount', richAddress), '0x1')
})

test('the pool refuses in geth’s words', async () => {
  const poor = privateKeyToAccount(generatePrivateKey())
  const cases: [Hex, RegExp][] = [
    [await transfer(0), /^nonce too low/],
    [await transfer(2), /^already known$/],
    [await transfer(2, { value: 2n }), /^replacement transaction underpriced$/],
    [await transfer(1, { gas: 20_000n }), /^intrinsic gas too low/],
    [await transfer(1, { gas: 100_000_000n }), /^exceeds block gas limit/],
    [await transfer(1, { chainId: 1 }), /^invalid (chain id|sender)/],
    ['0x02c0', /./],
    [
      await poor.signTransaction({
        chainId: 31402,
        gasPrice: 2_000_000_000n,
        gas: 21_000n,
        to: poor.address,
      }),
      /^insufficient funds for gas \* price \+ value/,
    ],
  ]
  for (const [raw, text] of cases) {
    const { code, message } = await failure('eth_sendRawTransaction', raw)
    assert.equal(code, -32000)
    assert.match(message, text)
  }
})

test('a transaction sent and waited for is answered with its receipt, or with its hash in time', async () => {
  const answer = result<{ status: Hex; transactionHash: Hex }>(
    'eth_sendRawTransactionSync',
    await transfer(1),
  )
  while (chain.execution.pool.status().pending === 0)
    await new Promise((resolve) => setImmediate(resolve))
  await chain.mine()
  assert.equal((await answer).status, '0x1')
  const late = (await failure('eth_sendRawTransactionSync', await transfer(3), 20)) as {
    code: number
    data?: Hex
  }
  assert.equal(late.code, 4)
  assert.equal(await result('eth_getTransactionByHash', late.data).then(() => true), true)
  await chain.mine()
})

test('blocks are named by tag, number, hash and EIP-1898 objects', async () => {
  const head = await result<{ hash: Hex; number: Hex }>('eth_getBlockByNumber', 'latest')
  const balance = await result('eth_getBalance', richAddress, 'latest')
  for (const reference of [
    head.number,
    head.hash,
    { blockHash: head.hash },
    { blockNumber: head.number },
  ])
    assert.equal(await result('eth_getBalance', richAddress, reference), balance)
  assert.notEqual(await result('eth_getBalance', richAddress, 'earliest'), balance)
  const unknown = `0x${'77'.repeat(32)}`
  assert.equal(
    (await failure('eth_getBalance', richAddress, unknown)).message,
    'header for hash not found',
  )
  assert.equal((await failure('eth_getBalance', richAddress, '0xffff')).message, 'header not found')
  assert.equal((await failure('eth_getBalance', richAddress, 'soon')).code, -32602)
})

test('a hash that left the chain is refused where it must be canonical', async () => {
  const fork = chain.execution.blocks.head.hash
  const left = await chain.mine()
  await chain.mine({ parent: fork, secondsLater: 3 })
  const reference = (requireCanonical: boolean) => ({ blockHash: left, requireCanonical })
  await result('eth_getBalance', richAddress, reference(false))
  assert.equal(
    (await failure('eth_getBalance', richAddress, reference(true))).message,
    'hash is not currently canonical',
  )
})

test('the next base fee that is told is the one that the next block has', async () => {
  for (let count = 0; count < 3; count++) {
    const told = await result('eth_baseFee')
    const hash = await chain.mine()
    assert.equal(
      (await result<{ baseFeePerGas: Hex }>('eth_getBlockByHash', hash)).baseFeePerGas,
      told,
    )
  }
  assert.equal(await result('eth_blobBaseFee'), '0x1')
})

test('a fee history beyond the head, or with disordered percentiles, is refused', async () => {
  assert.match(
    (await failure('eth_feeHistory', '0x1', '0xffff')).message,
    /request beyond head block/,
  )
  assert.match(
    (await failure('eth_feeHistory', '0x1', 'latest', [50, 20])).message,
    /invalid reward percentile/,
  )
  assert.match(
    (await failure('eth_feeHistory', '0x1', 'latest', [101])).message,
    /invalid reward percentile/,
  )
  const all = await result<{ oldestBlock: Hex; gasUsedRatio: number[] }>(
    'eth_feeHistory',
    '0x400',
    'latest',
  )
  assert.equal(all.oldestBlock, '0x0')
})

test('an estimate fails as geth’s does when the gas or the money is too little', async () => {
  const to = '0x00000000000000000000000000000000000000aa'
  const from = privateKeyToAccount(generatePrivateKey()).address
  const poor = { from, to, value: '0x1', gasPrice: '0x3b9aca00' }
  assert.match((await failure('eth_estimateGas', poor)).message, /^insufficient funds/)
  assert.match(
    (await failure('eth_call', { from, to, gas: '0x5207' })).message,
    /^intrinsic gas too low/,
  )
  const spend = { from: richAddress, to, data: `0x${'ff'.repeat(10)}` }
  assert.ok(BigInt(await result<Hex>('eth_estimateGas', spend)) >= 21_400n)
})

test('an estimate does not count on the proposer of the head to propose the next block too', async () => {
  await chain.mine()
  const { miner } = await result<{ miner: Hex }>('eth_getBlockByNumber', 'latest', false)
  const estimateOf = async (address: Hex) => {
    const to = `0x${'bc'.repeat(20)}`
    const code = `0x73${address.slice(2)}315000` // its balance, and stop
    const overrides = { [to]: { code } }
    const call = [{ from: richAddress, to }, 'latest', overrides] as const
    return BigInt(await result<Hex>('eth_estimateGas', ...call))
  }
  assert.equal(await estimateOf(miner), await estimateOf(`0x${'cd'.repeat(20)}`))
})
