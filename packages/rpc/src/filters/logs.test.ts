import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { encodeFunctionData, getContractAddress, type Hex, pad, toHex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { WebSocket } from 'ws'
import { compileCounter } from '../testing/compile.ts'
import { openDevChain } from '../testing/dev-chain.ts'
import { richKey } from '../testing/genesis.ts'

const chain = await openDevChain({
  limits: { logBlocks: 50, logResults: 20, filters: 4, filterChanges: 5 },
})
after(() => chain[Symbol.asyncDispose]())
const account = privateKeyToAccount(richKey)
const { abi, bytecode } = await compileCounter()
const address = getContractAddress({ from: account.address, nonce: 0n }).toLowerCase()
let nonce = 0

async function send(to: Hex | null, data: Hex): Promise<unknown> {
  const raw = await account.signTransaction({
    type: 'eip1559',
    chainId: 31402,
    nonce: nonce++,
    ...(to ? { to } : {}),
    data,
    gas: 1_000_000n,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 1_000_000n,
  })
  const { result } = await chain.request('eth_sendRawTransaction', [raw])
  return result
}

const set = (value: bigint) =>
  send(
    toHex(BigInt(address), { size: 20 }),
    encodeFunctionData({ abi, functionName: 'set', args: [value] }),
  )

interface LogJson {
  transactionHash: Hex
  blockHash: Hex
  blockNumber: Hex
  topics: Hex[]
  removed: boolean
}

async function logs(filter: object): Promise<LogJson[]> {
  const { result, error } = await chain.request('eth_getLogs', [filter])
  assert.equal(error, undefined)
  return result as LogJson[]
}

const word = (value: bigint) => pad(toHex(value), { size: 32 })

await send(null, bytecode)
await chain.mine()
for (const value of [3n, 10n, 4n]) {
  await set(value)
  await chain.mine()
}

test('logs are found by address, by any of several topics, by block and by range', async () => {
  const all = await logs({ address, fromBlock: 'earliest' })
  assert.deepEqual(
    all.map(({ blockNumber }) => blockNumber),
    ['0x2', '0x3', '0x4'],
  )
  const [first] = all
  assert.ok(first)
  const signature = first.topics[0]
  assert.equal((await logs({ fromBlock: '0x0', topics: [signature, null, word(3n)] })).length, 2)
  assert.equal(
    (await logs({ fromBlock: '0x0', topics: [null, null, [word(3n), word(4n)]] })).length,
    3,
  )
  assert.equal((await logs({ fromBlock: '0x0', topics: [null, word(3n)] })).length, 0)
  assert.equal((await logs({ fromBlock: '0x0', address: account.address })).length, 0)
  assert.deepEqual(await logs({ blockHash: first.blockHash }), [first])
  assert.equal((await logs({ fromBlock: '0x3', toBlock: '0x3' })).length, 1)
})

test('a range or an answer beyond the limits is refused with a reason', async () => {
  for (let count = 0; count < 30; count++) await set(BigInt(count % 12))
  await chain.mine()
  const tooMany = await chain.request('eth_getLogs', [{ fromBlock: '0x0' }])
  assert.match(JSON.stringify(tooMany.error), /-32005.*more than 20 results/)
  for (let count = 0; count < 50; count++) await chain.mine()
  const tooWide = await chain.request('eth_getLogs', [{ fromBlock: '0x0' }])
  assert.match(JSON.stringify(tooWide.error), /-32602.*block range too wide/)
})

test('filters collect until polled, and are dropped when nobody polls', async () => {
  const ids: unknown[] = []
  for (const [method, params] of [
    ['eth_newBlockFilter', []],
    ['eth_newPendingTransactionFilter', []],
    ['eth_newFilter', [{ address }]],
    ['eth_newFilter', [{ address, topics: [null, null, word(1n)] }]],
  ] as const)
    ids.push((await chain.request(method, [...params])).result)
  const refused = await chain.request('eth_newBlockFilter')
  assert.match(JSON.stringify(refused.error), /-32005.*too many filters/)
  const hash = await set(15n)
  const block = await chain.mine()
  const changes = async (id: unknown) => (await chain.request('eth_getFilterChanges', [id])).result
  assert.deepEqual(await changes(ids[0]), [block])
  assert.deepEqual(await changes(ids[1]), [hash])
  for (const id of [ids[2], ids[3]]) {
    const found = (await changes(id)) as LogJson[]
    assert.deepEqual(
      found.map(({ transactionHash }) => transactionHash),
      [hash],
    )
  }
  assert.deepEqual(await changes(ids[0]), [])
  for (let count = 0; count < 6; count++) await chain.mine()
  const { error } = await chain.request('eth_getFilterChanges', [ids[0]])
  assert.deepEqual(error, { code: -32000, message: 'filter not found' })
})

test('a reorganization tells subscribers which logs are gone', async () => {
  const socket = new WebSocket(chain.rpc.webSocketUrl)
  await once(socket, 'open')
  const inbox: LogJson[] = []
  const ready = once(socket, 'message')
  socket.send(
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'eth_subscribe',
      params: ['logs', { address }],
    }),
  )
  await ready
  socket.on('message', (data) => inbox.push(JSON.parse(data.toString()).params.result))
  const fork = chain.execution.blocks.head.hash
  const hash = await set(33n)
  const left = await chain.mine()
  await chain.mine({ parent: fork, secondsLater: 5 })
  const came = await chain.mine()
  const signal = AbortSignal.timeout(10_000)
  while (inbox.length < 3) await once(socket, 'message', { signal })
  assert.deepEqual(
    inbox.map(({ transactionHash, blockHash, removed }) => [transactionHash, blockHash, removed]),
    [
      [hash, left, false],
      [hash, left, true],
      [hash, came, false],
    ],
  )
  socket.terminate()
})
