import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CodedError } from '@quoin/kernel'
import { createBlockDriver } from '../testing/block-driver.ts'
import { testGenesis } from '../testing/genesis.ts'
import { viemClients } from '../testing/viem-clients.ts'
import { openExecutionWorker } from './execution-worker.ts'

const folders: string[] = []
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function newFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-worker-'))
  folders.push(folder)
  return folder
}

const genesis = await testGenesis()
const rpc = { host: '127.0.0.1', port: 0 }

test('the owner drives blocks over the port, clients see them over HTTP, a restart keeps them', async () => {
  const dataDir = await newFolder()
  const worker = await openExecutionWorker({ execution: { dataDir, genesis }, rpc })
  const driver = createBlockDriver(worker, () => worker.head())
  const { account, reader, wallet } = viemClients(worker.rpcUrl)
  const waited = worker.pendingTransactions({ signal: AbortSignal.timeout(10_000) })
  const hash = await wallet.sendTransaction({ to: account.address, value: 1n })
  await waited
  assert.equal((await worker.status()).pool.pending, 1)
  await driver.mine()
  assert.equal((await reader.getTransactionReceipt({ hash })).blockNumber, 1n)
  const head = await worker.head()
  assert.equal(head.number, '0x1')
  await worker[Symbol.asyncDispose]()
  await worker.stopped
  await assert.rejects(
    worker.head(),
    (error) => error instanceof CodedError && error.code === 'EXECUTION_CLOSED',
  )
  await using again = await openExecutionWorker({ execution: { dataDir, genesis }, rpc })
  assert.deepEqual(await again.head(), head)
})

test('a wait for transactions ends when its signal aborts', async () => {
  await using worker = await openExecutionWorker({
    execution: { dataDir: await newFolder(), genesis },
    rpc,
  })
  const abort = new AbortController()
  const waiting = worker.pendingTransactions({ signal: abort.signal })
  abort.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  await assert.rejects(worker.pendingTransactions({ signal: abort.signal }), /enough/)
})

test('a taken port and a broken genesis are told with their codes', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  after(() => taken.close())
  await once(taken, 'listening')
  const address = taken.address()
  assert.ok(typeof address === 'object' && address)
  const codeOf = (code: string) => (error: unknown) =>
    error instanceof CodedError && error.code === code
  await assert.rejects(
    openExecutionWorker({
      execution: { dataDir: await newFolder(), genesis },
      rpc: { host: '127.0.0.1', port: address.port },
    }),
    codeOf('PORT_IN_USE'),
  )
  await assert.rejects(
    openExecutionWorker({
      execution: { dataDir: await newFolder(), genesis: { ...genesis, gasLimit: 'much' } },
      rpc,
    }),
    codeOf('INVALID_GENESIS'),
  )
})

test('an error of the engine keeps its code over the port, and the worker lives on', async () => {
  await using worker = await openExecutionWorker({
    execution: { dataDir: await newFolder(), genesis },
    rpc,
  })
  await assert.rejects(worker.getPayload('0x0000000000000001'), CodedError)
  assert.equal((await worker.head()).number, '0x0')
})

test('a crash of the thread is an error for its owner and for every call under way', async () => {
  const worker = await openExecutionWorker({
    execution: { dataDir: await newFolder(), genesis },
    rpc,
    heapMib: 48,
  })
  const isStopped = (error: unknown) =>
    error instanceof CodedError && error.code === 'EXECUTION_STOPPED'
  const waiting = worker.pendingTransactions({ signal: AbortSignal.timeout(60_000) })
  const tooMuch = Array.from({ length: 3_000_000 }, (_, index) => ({ index }))
  const calls = [
    assert.rejects(waiting, isStopped),
    assert.rejects(worker.stopped, isStopped),
    assert.rejects(worker.newPayload(JSON.parse('{}'), [], '0x', tooMuch as never[]), isStopped),
  ]
  await Promise.all(calls)
  await assert.rejects(worker.head(), CodedError)
  await assert.rejects(async () => worker[Symbol.asyncDispose](), isStopped)
})
