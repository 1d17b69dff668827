import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { compileCounter } from '../testing/compile.ts'
import { openDevChain } from '../testing/dev-chain.ts'
import { richAddress, richKey } from '../testing/genesis.ts'

const chain = await openDevChain()
after(() => chain[Symbol.asyncDispose]())
chain.autoMine()

const run = promisify(execFile)
const binary = join(import.meta.dirname, '../../../../node_modules/.bin/cast')

async function cast(...args: string[]): Promise<string> {
  const [command = '', ...rest] = args
  const { stdout } = await run(binary, [command, '--rpc-url', chain.url, ...rest], {
    timeout: 20_000,
  })
  return stdout.trim()
}

const { bytecode } = await compileCounter()
const send = ['send', '--private-key', richKey, '--json']
const { contractAddress: address } = JSON.parse(await cast(...send, '--create', bytecode))

test('cast reads the chain: id, client, block, balance, nonce, code', async () => {
  assert.equal(await cast('chain-id'), '31402')
  assert.match(await cast('client'), /^quoin\//)
  assert.ok(Number(await cast('block-number')) >= 1)
  assert.equal(JSON.parse(await cast('block', 'latest', '--json')).transactions.length, 1)
  assert.ok(BigInt(await cast('balance', richAddress)) > 0n)
  assert.equal(await cast('nonce', richAddress), '1')
  assert.ok((await cast('code', address)).length > 100)
})

test('cast sends, calls, estimates and reads logs and storage', async () => {
  const receipt = JSON.parse(await cast(...send, address, 'set(uint256)', '34'))
  assert.equal(receipt.status, '0x1')
  assert.equal(await cast('call', address, 'value()(uint256)'), '34')
  assert.ok(Number(await cast('estimate', address, 'set(uint256)', '35')) > 21_000)
  assert.equal(BigInt(await cast('storage', address, '0')), 34n)
  const logs = JSON.parse(await cast('logs', '--from-block', '0', '--address', address, '--json'))
  assert.equal(logs.at(-1).transactionHash, receipt.transactionHash)
  assert.equal(JSON.parse(await cast('tx', receipt.transactionHash, '--json')).type, '0x2')
})

test('cast shows why a call reverts, and a trace of calls', async () => {
  const call = ['call', '--rpc-url', chain.url, address, 'set(uint256)', '13']
  const { stderr } = await run(binary, call).catch((error: { stderr: string }) => error)
  assert.match(stderr, /error code 3: execution reverted: unlucky number, data: "0x08c379a0/)
  const { transactionHash } = JSON.parse(
    await cast(...send, address, 'setThroughSelf(uint256)', '36'),
  )
  const trace = JSON.parse(
    await cast('rpc', 'debug_traceTransaction', transactionHash, '{"tracer":"callTracer"}'),
  )
  assert.equal(trace.type, 'CALL')
  assert.equal(trace.calls.length, 1)
  const proof = JSON.parse(await cast('proof', address, '0'))
  assert.equal(BigInt(proof.storageProof[0].value), 36n)
})
