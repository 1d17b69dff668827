import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { encodeFunctionData, getContractAddress, type Hex } from 'viem'
import { compileCounter } from '../testing/compile.ts'
import { openDevChain } from '../testing/dev-chain.ts'
import { viemClients } from '../testing/viem-clients.ts'

const chain = await openDevChain({ limits: { traceCharacters: 400_000 } })
after(() => chain[Symbol.asyncDispose]())
chain.autoMine()

const { reader, wallet } = viemClients(chain.url)
const { abi, bytecode } = await compileCounter()
const deployment = await reader.waitForTransactionReceipt({
  hash: await wallet.deployContract({ abi, bytecode }),
})
const address = deployment.contractAddress
assert.ok(address)
const target = address.toLowerCase()

interface Frame {
  type: string
  from: string
  to?: string
  gas: string
  gasUsed: string
  error?: string
  revertReason?: string
  output?: string
  calls?: Frame[]
  logs?: { address: string; position: string }[]
}

async function send(functionName: string, args: unknown[]) {
  const data = encodeFunctionData({ abi, functionName, args })
  const hash = await wallet.sendTransaction({ to: target as Hex, data, gas: 300_000n })
  return reader.waitForTransactionReceipt({ hash })
}

async function trace<T>(hash: Hex, config: object = {}): Promise<T> {
  const { result, error } = await chain.request('debug_traceTransaction', [hash, config])
  assert.equal(error, undefined)
  return result as T
}

test('the call tree has each call with its gas, and the logs where they were made', async () => {
  const receipt = await send('setThroughSelf', [42n])
  const top = await trace<Frame>(receipt.transactionHash, {
    tracer: 'callTracer',
    tracerConfig: { withLog: true },
  })
  assert.equal(top.type, 'CALL')
  assert.equal(BigInt(top.gas), 300_000n)
  assert.equal(BigInt(top.gasUsed), receipt.gasUsed)
  assert.equal(top.logs, undefined)
  const [inner] = top.calls ?? []
  assert.deepEqual([inner?.from, inner?.to, top.calls?.length], [target, target, 1])
  assert.equal(inner?.logs?.length, 1)
  assert.ok(BigInt(inner?.gasUsed ?? 0) < receipt.gasUsed)
  const shallow = await trace<Frame>(receipt.transactionHash, {
    tracer: 'callTracer',
    tracerConfig: { onlyTopCall: true, withLog: true },
  })
  assert.equal(shallow.calls, undefined)
})

test('a failed inner call tells its reason, a failed transaction too', async () => {
  const caught = await send('tryThroughSelf', [13n])
  assert.equal(caught.status, 'success')
  const tree = await trace<Frame>(caught.transactionHash, { tracer: 'callTracer' })
  assert.equal(tree.error, undefined)
  assert.equal(tree.calls?.[0]?.error, 'execution reverted')
  assert.equal(tree.calls?.[0]?.revertReason, 'unlucky number')
  const failed = await send('setThroughSelf', [13n])
  assert.equal(failed.status, 'reverted')
  const top = await trace<Frame>(failed.transactionHash, { tracer: 'callTracer' })
  assert.equal(top.revertReason, 'unlucky number')
})

test('a deployment is a CREATE with the address that it made', async () => {
  const top = await trace<Frame>(deployment.transactionHash, { tracer: 'callTracer' })
  assert.deepEqual([top.type, top.to], ['CREATE', target])
})

interface Steps {
  gas: number
  failed: boolean
  structLogs: {
    op: string
    depth: number
    gas: number
    gasCost: number
    stack: string[]
    storage?: Record<string, string>
    memory?: string[]
  }[]
}

test('the struct log has every step, with what is on the stack and in storage', async () => {
  const receipt = await send('set', [43n])
  const { gas, failed, structLogs } = await trace<Steps>(receipt.transactionHash, {
    enableMemory: true,
  })
  assert.deepEqual([BigInt(gas), failed], [receipt.gasUsed, false])
  assert.equal(structLogs.at(-1)?.op, 'STOP')
  const store = structLogs.find(({ op }) => op === 'SSTORE')
  assert.equal(BigInt(Object.values(store?.storage ?? {})[0] ?? 0), 43n)
  const load = structLogs.find(({ op }) => op === 'SLOAD')
  assert.ok(load?.storage)
  for (const [index, step] of structLogs.slice(0, -1).entries()) {
    assert.equal(step.depth, 1)
    assert.equal(step.gas - step.gasCost, structLogs[index + 1]?.gas, `${index} ${step.op}`)
  }
})

test('a block’s traces are those of its transactions, each after the ones before it', async () => {
  await using quiet = await openDevChain()
  const sender = viemClients(quiet.url)
  const counter = getContractAddress({ from: sender.account.address, nonce: 0n })
  const hashes = [await sender.wallet.deployContract({ abi, bytecode, gas: 2_000_000n, nonce: 0 })]
  for (const [index, value] of [42n, 13n, 43n].entries()) {
    const data = encodeFunctionData({ abi, functionName: 'setThroughSelf', args: [value] })
    const nonce = index + 1
    hashes.push(await sender.wallet.sendTransaction({ to: counter, data, gas: 300_000n, nonce }))
  }
  const block = await quiet.mine()
  for (const config of [{ tracer: 'callTracer', tracerConfig: { withLog: true } }, {}]) {
    const alone = []
    for (const txHash of hashes) {
      const { result } = await quiet.request('debug_traceTransaction', [txHash, config])
      alone.push({ txHash, result })
    }
    const { result } = await quiet.request('debug_traceBlockByHash', [block, config])
    assert.deepEqual(result, alone)
  }
})

test('a call is traced without being sent, over state that is made up', async () => {
  const { result } = await chain.request('debug_traceCall', [
    { to: target, data: '0x3fa4f245' },
    'latest',
    {
      tracer: 'callTracer',
      stateOverrides: { [target]: { stateDiff: { '0x0': '0x9' } } },
    },
  ])
  assert.equal(BigInt((result as Frame).output ?? 0), 9n)
})

test('a trace that would fill the memory is refused, an unknown tracer named', async () => {
  const { transactionHash } = await send('spin', [400n])
  const { error } = await chain.request('debug_traceTransaction', [transactionHash])
  assert.match(JSON.stringify(error), /-32005.*trace is longer/)
  const other = await chain.request('debug_traceTransaction', [transactionHash, { tracer: 'x' }])
  assert.match(JSON.stringify(other.error), /-32602.*there is no tracer/)
})
