import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { zeroHash } from '../codec/bytes.ts'
import type { HeadEvent, Receipt } from '../interface.ts'
import { openExecution } from '../open-execution.ts'
import { accounts, createTestGenesis } from '../testing/test-genesis.ts'
import { createFolder, miner, openTestNode } from '../testing/test-node.ts'

const [alice, bob] = accounts
assert.ok(alice && bob)

test('a block that one node builds is valid to another, and both read the same from it', async () => {
  await using builder = await openTestNode()
  await using other = await openTestNode()
  const hashes = [
    await builder.send(alice, { to: bob.address, value: 7n }),
    await builder.send(alice, { to: bob.address, value: 8n, nonce: 1 }),
    await builder.send(bob, { to: '0x00000000000000000000000000000000000000aa', value: 0n }),
  ]
  const before = await builder.balance(bob.address)
  const payload = await builder.build()
  assert.equal(payload.executionPayload.transactions.length, 3)
  const hash = payload.executionPayload.blockHash
  for (const node of [builder, other]) {
    assert.equal((await node.check(payload)).status, 'VALID')
    assert.equal(node.head.number, 0n, 'nothing moves before the fork choice')
    assert.equal((await node.setHead(hash)).status, 'VALID')
    assert.equal(node.head.hash, hash)
    const receipts: Receipt[] | null = await node.execution.blocks.receipts(hash)
    assert.deepEqual(
      receipts?.map(({ status }) => status),
      [1, 1, 1],
    )
    const place = await node.execution.blocks.locate(hashes[1] ?? '0x')
    assert.equal(place?.block.transactions[place.index]?.hash, hashes[1])
    const spent: Receipt | undefined = receipts?.find(
      ({ from }) => from === bob.address.toLowerCase(),
    )
    const fee: bigint = (spent?.gasUsed ?? 0n) * (spent?.effectiveGasPrice ?? 0n)
    assert.equal(await node.balance(bob.address), before + 15n - fee)
    assert.equal(await node.balance(miner), BigInt(payload.blockValue))
  }
  assert.deepEqual(builder.execution.pool.status(), { pending: 0, queued: 0 })
})

test('payloads with a wrong field are invalid, and say which', async () => {
  await using builder = await openTestNode()
  await using other = await openTestNode()
  await builder.send(alice, { to: bob.address })
  const { executionPayload, executionRequests } = await builder.build()
  const changes: [object, RegExp][] = [
    [{ stateRoot: zeroHash }, /blockhash mismatch/],
    [{ blockHash: zeroHash }, /blockhash mismatch/],
    [{ gasUsed: '0x1' }, /blockhash mismatch/],
    [{ transactions: ['0x02c0'] }, /invalid transaction 0/],
  ]
  for (const [change, reason] of changes) {
    const forged = { ...executionPayload, ...change }
    const status = await other.check({
      executionPayload: forged,
      executionRequests,
      blockValue: '0x0',
    })
    assert.equal(status.status, 'INVALID')
    assert.match(status.validationError ?? '', reason)
  }
  const orphan = { ...executionPayload, parentHash: zeroHash }
  const rehashed = await other.check({
    executionPayload: orphan,
    executionRequests,
    blockValue: '0x0',
  })
  assert.match(rehashed.validationError ?? '', /blockhash mismatch/)
})

test('an unknown parent or head is SYNCING', async () => {
  await using builder = await openTestNode()
  await using other = await openTestNode()
  await builder.mine()
  const second = await builder.build()
  assert.equal((await other.check(second)).status, 'SYNCING')
  assert.equal((await other.setHead(second.executionPayload.blockHash)).status, 'SYNCING')
})

test('two payloads on one parent can both become the head, and their transactions move with it', async () => {
  await using node = await openTestNode()
  await using other = await openTestNode()
  const events: HeadEvent[] = []
  node.execution.onHead((event) => events.push(event))
  const kept = await node.send(alice, { to: bob.address, value: 5n })
  const left = await node.build(node.head, 1)
  const right = await other.build(other.head, 2)
  const next = await other.check(left)
  assert.equal(next.status, 'VALID')
  assert.equal((await node.check(right)).status, 'VALID')
  const start = await node.balance(bob.address)
  await node.setHead(left.executionPayload.blockHash)
  assert.equal(await node.balance(bob.address), start + 5n)
  assert.equal(node.execution.pool.get(kept), null)
  await node.setHead(right.executionPayload.blockHash)
  assert.equal(await node.balance(bob.address), start)
  assert.equal(await node.execution.blocks.locate(kept), null)
  assert.equal(node.execution.pool.get(kept)?.hash, kept, 'it waits for a block again')
  assert.deepEqual(
    events.at(-1)?.removed.map(({ block }) => block.header.hash),
    [left.executionPayload.blockHash],
  )
  await node.setHead(left.executionPayload.blockHash)
  assert.equal(await node.balance(bob.address), start + 5n)
  assert.equal((await node.execution.blocks.locate(kept))?.block.header.hash, node.head.hash)
  const third = await node.mine()
  assert.equal(third.header.number, 2n)
})

test('head, safe and finalized, state and receipts survive a restart', async () => {
  await using folder = await createFolder()
  let head: Hex = zeroHash
  let recipient = 0n
  {
    await using node = await openTestNode({ dataDir: folder.path })
    for (let nonce = 0; nonce < 5; nonce++) {
      await node.send(alice, { to: bob.address, nonce })
      await node.mine()
    }
    head = node.head.hash
    recipient = await node.balance(bob.address)
  }
  await using node = await openTestNode({ dataDir: folder.path })
  assert.equal(node.head.hash, head)
  assert.equal(node.execution.blocks.finalized?.hash, node.execution.blocks.safe?.hash)
  assert.equal(await node.balance(bob.address), recipient)
  assert.equal((await node.execution.blocks.receipts(head))?.length, 1)
  await node.send(alice, { to: bob.address, nonce: 5 })
  assert.equal((await node.mine()).receipts.length, 1)
})

test('a data folder of another genesis is refused, and so is a second opener', async () => {
  await using folder = await createFolder()
  await using first = await openTestNode({ dataDir: folder.path })
  const options = { dataDir: folder.path, genesis: createTestGenesis() }
  await assert.rejects(openExecution(options), { code: 'DATA_LOCKED', message: /another process/i })
  await first[Symbol.asyncDispose]()
  const genesis = createTestGenesis({
    '0x00000000000000000000000000000000000000ab': { balance: '0x1' },
  })
  await assert.rejects(openExecution({ ...options, genesis }), {
    code: 'GENESIS_MISMATCH',
    message: /another data folder/,
  })
  await assert.rejects(openExecution({ ...options, genesis: { ...genesis, gasLimit: 'lots' } }), {
    code: 'INVALID_GENESIS',
    message: /gasLimit/,
  })
})

test('a block takes the best payers first, keeps the order of nonces and stops at its gas limit', async () => {
  await using node = await openTestNode({
    genesis: { ...createTestGenesis(), gasLimit: '0x186a0' },
  })
  const gwei = 1_000_000_000n
  const tips = [1n, 5n, 3n]
  for (const [index, tip] of tips.entries()) {
    const account = accounts[index]
    assert.ok(account)
    for (const nonce of [0, 1])
      await node.send(account, { to: miner, nonce, maxPriorityFeePerGas: tip * gwei })
  }
  const { receipts } = await node.mine()
  const senders = receipts.map(({ from }) =>
    accounts.findIndex((one) => one.address.toLowerCase() === from),
  )
  assert.deepEqual(senders, [1, 1, 2, 2], 'four transfers of 21,000 fit into 100,000')
  assert.deepEqual(node.execution.pool.status(), { pending: 2, queued: 0 })
})

test('a long chain of candidates becomes canonical at once, and a head behind is no way back', async () => {
  await using builder = await openTestNode()
  await using folder = await createFolder()
  const hashes: Hex[] = []
  {
    await using other = await openTestNode({ dataDir: folder.path })
    for (let nonce = 0; nonce < 80; nonce++) {
      await builder.send(alice, { to: bob.address, nonce })
      const payload = await builder.build()
      assert.equal((await other.check(payload)).status, 'VALID')
      await builder.setHead(payload.executionPayload.blockHash)
      hashes.push(builder.head.hash)
    }
    const events: HeadEvent[] = []
    other.execution.onHead(() => {
      throw new Error('a listener that fails hurts no one')
    })
    other.execution.onHead((event) => events.push(event))
    assert.equal((await other.setHead(builder.head.hash)).status, 'VALID')
    assert.deepEqual(
      events.map(({ added }) => added.length),
      [80],
    )
    assert.equal((await other.setHead(hashes[10] ?? zeroHash)).status, 'VALID')
    assert.equal(other.head.hash, builder.head.hash)
  }
  await using reopened = await openTestNode({ dataDir: folder.path })
  assert.equal(await reopened.balance(bob.address), await builder.balance(bob.address))
  for (const [index, hash] of hashes.entries())
    assert.equal((await reopened.execution.blocks.byNumber(BigInt(index + 1)))?.header.hash, hash)
})
