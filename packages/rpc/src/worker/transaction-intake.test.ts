import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { hexToBytes } from '@quoin/kernel'
import { createBlockDriver } from '../testing/block-driver.ts'
import { testGenesis } from '../testing/genesis.ts'
import { viemClients } from '../testing/viem-clients.ts'
import { type ExecutionWorker, openExecutionWorker } from './execution-worker.ts'

const folders: string[] = []
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

const genesis = await testGenesis()

async function openWorker(): Promise<ExecutionWorker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-intake-'))
  folders.push(dataDir)
  return openExecutionWorker({
    execution: { dataDir, genesis },
    rpc: { host: '127.0.0.1', port: 0 },
  })
}

/** The transactions that the worker tells of, as soon as there are `count`. */
function told(worker: ExecutionWorker, count: number): Promise<Uint8Array[]> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array[]>()
  const all: Uint8Array[] = []
  worker.onTransactions((raws) => {
    all.push(...raws)
    if (all.length >= count) resolve(all)
  })
  return promise
}

async function signTransfers(worker: ExecutionWorker, count: number) {
  const { account, wallet } = viemClients(worker.rpcUrl)
  return Promise.all(
    Array.from({ length: count }, (_, nonce) =>
      wallet.signTransaction({
        to: account.address,
        nonce,
        gas: 21_000n,
        maxFeePerGas: 10_000_000_000n,
        maxPriorityFeePerGas: 1n,
        type: 'eip1559',
      }),
    ),
  )
}

test('what clients send to one node is told, and another node takes it without telling it again', async () => {
  await using first = await openWorker()
  await using second = await openWorker()
  const raws = await signTransfers(first, 40)
  const toldByFirst = told(first, raws.length)
  second.onTransactions(() => assert.fail('the second node was told by another node'))
  const { reader } = viemClients(first.rpcUrl)
  for (const serializedTransaction of raws)
    await reader.sendRawTransaction({ serializedTransaction })
  const gossip = await toldByFirst
  assert.equal(gossip.length, 40)
  assert.deepEqual(await second.addTransactions(gossip), {
    added: 40,
    known: 0,
    malformed: 0,
    refused: 0,
  })
  assert.equal((await second.addTransactions(gossip)).known, 40)
  assert.equal((await second.status()).pool.pending, 40)
  const driver = createBlockDriver(second, () => second.head())
  await driver.mine()
  assert.equal((await second.status()).pool.pending, 0)
  assert.equal((await second.addTransactions(gossip)).refused, 40)
})

test('bad transactions are counted and harm nothing', async () => {
  await using worker = await openWorker()
  const [good] = await signTransfers(worker, 1)
  assert.ok(good)
  const torn = hexToBytes(good).subarray(0, -1)
  const counts = await worker.addTransactions([new Uint8Array(0), torn, hexToBytes(good)])
  assert.deepEqual(counts, { added: 1, known: 0, malformed: 2, refused: 0 })
})

test('the pool is given out up to a size, and only what clients brought when so asked', async () => {
  await using worker = await openWorker()
  const [first, ...others] = await signTransfers(worker, 10)
  assert.ok(first)
  const { reader } = viemClients(worker.rpcUrl)
  await reader.sendRawTransaction({ serializedTransaction: first })
  await worker.addTransactions(others.map((raw) => hexToBytes(raw)))
  const all = await worker.pooledTransactions({ maxBytes: 1 << 20, isLocalOnly: false })
  assert.deepEqual(all[0], hexToBytes(first))
  assert.equal(all.length, 10)
  const local = await worker.pooledTransactions({ maxBytes: 1 << 20, isLocalOnly: true })
  assert.equal(local.length, 1)
  const few = await worker.pooledTransactions({ maxBytes: 250, isLocalOnly: false })
  assert.equal(few.length, 2)
})

test('a read-only call tells success from failure, and an unknown state from both', async () => {
  await using worker = await openWorker()
  const { hash: blockHash } = await worker.head()
  const empty = await worker.call({ to: `0x${'12'.repeat(20)}`, data: '0x', blockHash })
  assert.deepEqual(empty, { isSuccess: true, data: '0x' })
  const blockRoots = '0x000f3df6d732807ef1319fb7b8bb8522d0beac02'
  const reverted = await worker.call({ to: blockRoots, data: '0x01', blockHash })
  assert.equal(reverted.isSuccess, false)
  const unknown = { to: blockRoots, data: '0x', blockHash: `0x${'77'.repeat(32)}` } as const
  await assert.rejects(worker.call(unknown), { code: 'UNKNOWN_BLOCK' })
})

test('the owner gets the answers that clients get', async () => {
  await using worker = await openWorker()
  const text = await worker.answer(
    '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}',
  )
  assert.deepEqual(JSON.parse(text ?? ''), { jsonrpc: '2.0', id: 1, result: '0x0' })
})
