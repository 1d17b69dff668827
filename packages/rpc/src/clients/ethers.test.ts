import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  Contract,
  ContractFactory,
  isError,
  JsonRpcProvider,
  NonceManager,
  Wallet,
  WebSocketProvider,
} from 'ethers'
import { compileCounter } from '../testing/compile.ts'
import { openDevChain } from '../testing/dev-chain.ts'
import { richKey } from '../testing/genesis.ts'

const chain = await openDevChain()
after(() => chain[Symbol.asyncDispose]())
chain.autoMine({ heartbeatMs: 200 })

const provider = new JsonRpcProvider(chain.url, undefined, { pollingInterval: 20 })
after(() => provider.destroy())
const signer = new NonceManager(new Wallet(richKey, provider))
const { abi, bytecode } = await compileCounter()
const fragments = JSON.stringify(abi)
const factory = new ContractFactory(fragments, bytecode, signer)
const deployed = await factory.deploy()
await deployed.waitForDeployment()
const counter = new Contract(await deployed.getAddress(), fragments, signer)

test('a contract is deployed, written to and read', async () => {
  const sent = await counter.getFunction('set')(21n)
  const receipt = await sent.wait()
  assert.equal(receipt.status, 1)
  assert.equal(await counter.getFunction('value')(), 21n)
  const events = await counter.queryFilter('Changed', 0, 'latest')
  assert.equal(events.at(-1)?.transactionHash, sent.hash)
})

test('a revert carries its reason or its custom error', async () => {
  const failure = (value: bigint) =>
    counter
      .getFunction('set')
      .staticCall(value)
      .then(
        () => null,
        (error: unknown) => error,
      )
  const reason = await failure(13n)
  assert.ok(isError(reason, 'CALL_EXCEPTION'))
  assert.equal(reason.reason, 'unlucky number')
  const custom = await failure(101n)
  assert.ok(isError(custom, 'CALL_EXCEPTION'))
  assert.equal(custom.revert?.name, 'TooHigh')
  await assert.rejects(counter.getFunction('set').estimateGas(13n), /unlucky number/)
})

test('a batch of calls goes out as one request and all are answered', async () => {
  const [network, block, balance, fees] = await Promise.all([
    provider.getNetwork(),
    provider.getBlock('latest', true),
    provider.getBalance(await signer.getAddress()),
    provider.getFeeData(),
  ])
  assert.equal(network.chainId, 31402n)
  assert.ok(block && block.number > 0)
  assert.ok(balance > 0n)
  assert.ok(fees.maxFeePerGas)
})

test('the pool’s refusals have ethers’ codes', async () => {
  const poor = Wallet.createRandom().connect(provider)
  await assert.rejects(
    poor.sendTransaction({ to: poor.address, value: 1n, gasLimit: 21_000n }),
    (error) => isError(error, 'INSUFFICIENT_FUNDS'),
  )
  const again = new Wallet(richKey, provider)
  await assert.rejects(
    again.sendTransaction({ to: poor.address, value: 1n, nonce: 0, gasLimit: 21_000n }),
    (error) => isError(error, 'NONCE_EXPIRED'),
  )
})

test('blocks and events arrive over a WebSocket', async () => {
  const socket = new WebSocketProvider(chain.rpc.webSocketUrl)
  const listening = new Contract(await counter.getAddress(), fragments, socket)
  const block = Promise.withResolvers<number>()
  const event = Promise.withResolvers<bigint>()
  await socket.on('block', block.resolve)
  await listening.on('Changed', (_by, _topic, value: bigint) => event.resolve(value))
  await socket.getBlockNumber()
  await (await counter.getFunction('set')(64n)).wait()
  assert.equal(await event.promise, 64n)
  assert.ok((await block.promise) > 0)
  await socket.destroy()
})
