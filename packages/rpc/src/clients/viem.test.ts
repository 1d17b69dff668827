import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  fromRlp,
  type Hex,
  InsufficientFundsError,
  NonceTooLowError,
  parseEther,
  parseEventLogs,
  TransactionReceiptNotFoundError,
  toHex,
  webSocket,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { compileCounter } from '../testing/compile.ts'
import { openDevChain } from '../testing/dev-chain.ts'
import { provenValue } from '../testing/verify-proof.ts'
import { viemClients } from '../testing/viem-clients.ts'

const chain = await openDevChain()
after(() => chain[Symbol.asyncDispose]())
chain.autoMine()

const { account, reader, settings, wallet } = viemClients(chain.url)
const { abi, bytecode } = await compileCounter()
const deployed = await reader.waitForTransactionReceipt({
  hash: await wallet.deployContract({ abi, bytecode }),
})
const address = deployed.contractAddress
assert.ok(address)
const counter = { address, abi }

async function mined(hash: Hex) {
  return reader.waitForTransactionReceipt({ hash, timeout: 10_000 })
}

test('a contract is deployed, written to and read, and its event found by its topic', async () => {
  assert.equal(deployed.status, 'success')
  const hash = await wallet.writeContract({ ...counter, functionName: 'set', args: [42n] })
  const receipt = await mined(hash)
  assert.equal(await reader.readContract({ ...counter, functionName: 'value' }), 42n)
  const [event] = parseEventLogs({ abi, logs: receipt.logs, eventName: 'Changed' })
  assert.deepEqual(event?.args, { by: account.address, topic: 0n, value: 42n })
  const found = await reader.getContractEvents({
    ...counter,
    eventName: 'Changed',
    args: { by: account.address },
    fromBlock: 'earliest',
    toBlock: 'latest',
  })
  assert.ok(found.some(({ transactionHash }) => transactionHash === hash))
  const block = await reader.getBlock({ blockHash: receipt.blockHash, includeTransactions: true })
  assert.equal(block.transactions[receipt.transactionIndex]?.hash, hash)
})

test('a revert comes decoded: require, custom error, panic', async () => {
  const reverted = async (functionName: string, args: unknown[]) => {
    const error = await reader.simulateContract({ ...counter, functionName, args, account }).then(
      () => null,
      (cause: unknown) => cause,
    )
    assert.ok(error instanceof BaseError)
    const cause = error.walk((inner) => inner instanceof ContractFunctionRevertedError)
    assert.ok(cause instanceof ContractFunctionRevertedError)
    return cause
  }
  assert.equal((await reverted('set', [13n])).reason, 'unlucky number')
  assert.deepEqual((await reverted('set', [101n])).data?.args, [101n, 100n])
  assert.match((await reverted('divide', [0n])).reason ?? '', /zero/)
})

test('estimates are enough and not much more, and fail with the contract’s reason', async () => {
  for (const [functionName, args] of [
    ['set', [55n]],
    ['setThroughSelf', [56n]],
    ['spin', [200n]],
  ] as const) {
    const gas = await reader.estimateContractGas({ ...counter, functionName, args, account })
    const { gasUsed, status } = await mined(
      await wallet.writeContract({ ...counter, functionName, args, gas }),
    )
    assert.equal(status, 'success')
    assert.ok(gas < (gasUsed * 12n) / 10n + 3000n, `${functionName}: ${gas} for ${gasUsed}`)
  }
  assert.equal(await reader.estimateGas({ account, to: account.address, value: 1n }), 21_000n)
  await assert.rejects(
    reader.estimateContractGas({ ...counter, functionName: 'set', args: [13n], account }),
    /unlucky number/,
  )
})

test('transactions of every type are mined and come back as they were sent', async () => {
  const to = privateKeyToAccount(generatePrivateKey()).address
  const gasPrice = await reader.getGasPrice()
  const legacy = await wallet.sendTransaction({ type: 'legacy', to, value: 1n, gasPrice })
  const accessList = [{ address, storageKeys: [toHex(0, { size: 32 })] }]
  const listed = await wallet.sendTransaction({
    type: 'eip2930',
    to,
    value: 2n,
    gasPrice,
    accessList,
  })
  const dynamic = await wallet.sendTransaction({ type: 'eip1559', to, value: 3n })
  for (const [hash, type] of [
    [legacy, 'legacy'],
    [listed, 'eip2930'],
    [dynamic, 'eip1559'],
  ] as const) {
    assert.equal((await mined(hash)).status, 'success')
    assert.equal((await reader.getTransaction({ hash })).type, type)
  }
  assert.deepEqual(
    (await reader.getTransaction({ hash: listed })).accessList?.map((item) => item.address),
    [address],
  )
  assert.equal(await reader.getBalance({ address: to }), 6n)
})

test('an account takes a contract’s code by EIP-7702', async () => {
  const authority = privateKeyToAccount(generatePrivateKey())
  const authorization = await wallet.signAuthorization({
    account: authority,
    contractAddress: address,
    chainId: 31402,
    nonce: 0,
  })
  const gas = await reader.estimateGas({
    account,
    to: authority.address,
    authorizationList: [authorization],
  })
  assert.ok(gas >= 46_000n, `${gas}`)
  const hash = await wallet.sendTransaction({
    to: authority.address,
    authorizationList: [authorization],
  })
  assert.equal((await mined(hash)).status, 'success')
  assert.equal(
    await reader.getCode({ address: authority.address }),
    `0xef0100${address.slice(2).toLowerCase()}`,
  )
  const transaction = await reader.getTransaction({ hash })
  assert.equal(transaction.type, 'eip7702')
  assert.equal(transaction.authorizationList?.length, 1)
})

test('refusals of the pool are recognized by their texts', async () => {
  const poor = privateKeyToAccount(generatePrivateKey())
  const send = (from: typeof account, extra: object) =>
    wallet.sendTransaction({ account: from, to: poor.address, value: 1n, gas: 21_000n, ...extra })
  await assert.rejects(send(poor, {}), (error) =>
    Boolean(error instanceof BaseError && error.walk((e) => e instanceof InsufficientFundsError)),
  )
  await assert.rejects(send(account, { nonce: 0 }), (error) =>
    Boolean(error instanceof BaseError && error.walk((e) => e instanceof NonceTooLowError)),
  )
})

test('eth_call sees overridden state and balances', async () => {
  const rich = privateKeyToAccount(generatePrivateKey()).address
  const value = await reader.readContract({
    ...counter,
    functionName: 'value',
    stateOverride: [
      { address, stateDiff: [{ slot: toHex(0, { size: 32 }), value: toHex(7, { size: 32 }) }] },
    ],
  })
  assert.equal(value, 7n)
  const paid = await reader.call({
    account: rich,
    to: address,
    value: parseEther('5'),
    stateOverride: [{ address: rich, balance: parseEther('6') }],
  })
  assert.equal(paid.data, undefined)
  await assert.rejects(
    reader.call({ account: rich, to: address, value: parseEther('5') }),
    /insufficient|exceeds/i,
  )
})

test('blocks of calls are simulated over one state, with coin moves as logs', async () => {
  const value = await reader.readContract({ ...counter, functionName: 'value' })
  const set = { to: address, abi, functionName: 'set', args: [99n] }
  const get = { to: address, abi, functionName: 'value' }
  const [first, second] = await reader.simulateBlocks({
    traceTransfers: true,
    blocks: [
      {
        calls: [
          { account, ...set },
          { account, to: address, value: 5n },
        ],
      },
      { calls: [get, { ...set, args: [13n] }], blockOverrides: { time: 9_999_999_999n } },
    ],
  })
  assert.equal(first?.calls[1]?.logs?.[0]?.data, toHex(5n, { size: 32 }))
  assert.equal(second?.calls[0]?.result, 99n)
  assert.match(second?.calls[1]?.error?.message ?? '', /unlucky number/)
  assert.equal(second?.number, (first?.number ?? 0n) + 1n)
  assert.equal(await reader.readContract({ ...counter, functionName: 'value' }), value)
})

test('fees are told: history, tip and price agree with the blocks', async () => {
  const fees = await reader.estimateFeesPerGas()
  assert.ok(fees.maxFeePerGas >= fees.maxPriorityFeePerGas)
  const history = await reader.getFeeHistory({ blockCount: 4, rewardPercentiles: [10, 90] })
  assert.equal(history.baseFeePerGas.length, history.gasUsedRatio.length + 1)
  assert.equal(history.reward?.length, history.gasUsedRatio.length)
  const oldest = await reader.getBlock({ blockNumber: history.oldestBlock })
  assert.equal(history.baseFeePerGas[0], oldest.baseFeePerGas)
})

test('an access list saves the slots that a call touches', async () => {
  const { accessList, gasUsed } = await reader.createAccessList({
    account,
    to: address,
    data: '0x3fa4f245',
  })
  assert.deepEqual(accessList, [
    { address: address.toLowerCase(), storageKeys: [toHex(0, { size: 32 })] },
  ])
  assert.ok(gasUsed > 21_000n)
})

test('a proof proves an account, a slot, and that something is absent', async () => {
  const block = await reader.getBlock()
  const set = toHex(0, { size: 32 })
  const unset = toHex(1234, { size: 32 })
  const proof = await reader.getProof({
    address,
    storageKeys: [set, unset],
    blockNumber: block.number,
  })
  const account = provenValue(block.stateRoot, address, proof.accountProof)
  assert.ok(account)
  const [nonce, balance, storageHash, codeHash] = fromRlp(account, 'hex')
  assert.deepEqual(
    [Number(nonce), BigInt(String(balance) === '0x' ? 0 : String(balance))],
    [proof.nonce, proof.balance],
  )
  assert.deepEqual([storageHash, codeHash], [proof.storageHash, proof.codeHash])
  const [there, absent] = proof.storageProof
  const value = provenValue(proof.storageHash, set, there?.proof ?? [])
  assert.equal(there?.value, await reader.readContract({ ...counter, functionName: 'value' }))
  assert.equal(value && BigInt(String(fromRlp(value, 'hex'))), there?.value)
  assert.equal(provenValue(proof.storageHash, unset, absent?.proof ?? []), null)
  assert.equal(absent?.value, 0n)
  const nobody = privateKeyToAccount(generatePrivateKey()).address
  const missing = await reader.getProof({
    address: nobody,
    storageKeys: [],
    blockNumber: block.number,
  })
  assert.equal(provenValue(block.stateRoot, nobody, missing.accountProof), null)
})

test('what does not exist is not found, and the tags name blocks', async () => {
  const hash: Hex = `0x${'12'.repeat(32)}`
  await assert.rejects(reader.getTransactionReceipt({ hash }), TransactionReceiptNotFoundError)
  await assert.rejects(reader.getBlock({ blockNumber: 10n ** 9n }), /could not be found/)
  const latest = await reader.getBlock()
  for (const blockTag of ['safe', 'finalized', 'pending'] as const)
    assert.equal((await reader.getBlock({ blockTag })).hash, latest.hash)
  assert.equal((await reader.getBlock({ blockTag: 'earliest' })).number, 0n)
})

test('blocks, events and pending transactions are watched over a WebSocket', async () => {
  const transport = webSocket(chain.rpc.webSocketUrl)
  const watcher = createPublicClient({ ...settings, transport })
  const heads = Promise.withResolvers<bigint>()
  const events = Promise.withResolvers<unknown>()
  const pending = Promise.withResolvers<Hex>()
  const stops = [
    watcher.watchBlocks({ onBlock: ({ number }) => heads.resolve(number), onError: heads.reject }),
    watcher.watchContractEvent({
      ...counter,
      onLogs: ([log]) => events.resolve(log?.transactionHash),
      onError: events.reject,
    }),
    watcher.watchPendingTransactions({
      onTransactions: ([hash]) => pending.resolve(hash ?? '0x'),
      onError: pending.reject,
    }),
  ]
  await watcher.getBlockNumber()
  const hash = await wallet.writeContract({ ...counter, functionName: 'set', args: [77n] })
  assert.equal(await pending.promise, hash)
  assert.equal(await events.promise, hash)
  assert.ok((await heads.promise) > 0n)
  for (const stop of stops) stop()
  const { close } = await watcher.transport.getRpcClient()
  close()
})

test('events are watched by polling a filter', async () => {
  const events = Promise.withResolvers<unknown>()
  const filter = await reader.createContractEventFilter({ ...counter, eventName: 'Changed' })
  const hash = await wallet.writeContract({ ...counter, functionName: 'set', args: [78n] })
  await mined(hash)
  const [log] = await reader.getFilterChanges({ filter })
  events.resolve(log?.transactionHash)
  assert.equal(await events.promise, hash)
  assert.deepEqual(await reader.getFilterChanges({ filter }), [])
  assert.ok((await reader.getFilterLogs({ filter })).length >= 0)
  assert.equal(await reader.uninstallFilter({ filter }), true)
  await assert.rejects(reader.getFilterChanges({ filter }), /filter not found/)
})
