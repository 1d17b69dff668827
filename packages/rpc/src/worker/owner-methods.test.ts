import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CodedError } from '@quoin/kernel'
import { testGenesis } from '../testing/genesis.ts'
import { type ExecutionWorker, openExecutionWorker } from './execution-worker.ts'

let folder: string
let worker: ExecutionWorker
const aborted = Promise.withResolvers<void>()

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-owner-methods-'))
  worker = await openExecutionWorker({
    execution: { dataDir: folder, genesis: await testGenesis() },
    rpc: { host: '127.0.0.1', port: 0, limits: { requestMs: 300 } },
    methods: {
      quoin_echo: async (params) => ({ params, thread: 'owner' }),
      quoin_refuse: async () => {
        throw new CodedError('INVALID_PARAMS', 'a height, please')
      },
      quoin_break: async () => {
        throw new Error('a secret of this process')
      },
      quoin_uncloneable: async () => () => 1,
      quoin_hang: (_, { signal }) =>
        new Promise(() => signal.addEventListener('abort', () => aborted.resolve())),
      eth_chainId: async () => '0xdead',
    },
  })
})
after(async () => {
  await worker[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function ask(method: string, params: unknown[] = []) {
  const response = await fetch(worker.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return response.json()
}

test('a method of the owner answers over HTTP with what it was given', async () => {
  const { result } = await ask('quoin_echo', [1, { a: null }])
  assert.deepEqual(result, { params: [1, { a: null }], thread: 'owner' })
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ask('quoin_echo', [i])))
  for (const [i, { result }] of answers.entries()) assert.deepEqual(result.params, [i])
})

test('its refusals have their number and message, its bugs stay inside', async () => {
  assert.deepEqual((await ask('quoin_refuse')).error, {
    code: -32602,
    message: 'a height, please',
  })
  const internal = { code: -32603, message: 'internal error' }
  assert.deepEqual((await ask('quoin_break')).error, internal)
  assert.deepEqual((await ask('quoin_uncloneable')).error, internal)
  assert.equal((await ask('quoin_echo', Array(9).fill(0))).error.code, -32602)
  assert.equal((await ask('quoin_unknown')).error.code, -32601)
})

test('its time is limited, and it is told when nobody waits any more', async () => {
  assert.equal((await ask('quoin_hang')).error.code, -32002)
  await aborted.promise
})

test('more waiting requests than the limit are refused, and the rest go on', async () => {
  const hanging = Array.from({ length: 140 }, () => ask('quoin_hang'))
  const codes = (await Promise.all(hanging)).map(({ error }) => error.code)
  assert.equal(codes.filter((code) => code === -32005).length, 12)
  assert.equal(codes.filter((code) => code === -32002).length, 128)
  assert.ok((await ask('quoin_echo')).result)
})

test('a method of the execution cannot be replaced', async () => {
  assert.equal((await ask('eth_chainId')).result, '0x7aaa')
})
