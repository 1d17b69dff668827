import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import fc from 'fast-check'
import type { PrivateKeyAccount } from 'viem'
import { zeroHash } from '../codec/bytes.ts'
import { accounts, counter } from '../testing/test-genesis.ts'
import { createFolder, openTestNode } from '../testing/test-node.ts'
import { HashSet } from './hash-set.ts'

const [alice] = accounts as [PrivateKeyAccount]
type TestNode = Awaited<ReturnType<typeof openTestNode>>

async function grow(node: TestNode, blocks: number): Promise<Hex[]> {
  const hashes: Hex[] = []
  for (let count = 0; count < blocks; count++) {
    const nonce = await node.execution.pool.nextNonce(alice.address.toLowerCase() as Hex)
    hashes.push(
      await node.send(alice, { to: counter.address, nonce: Number(nonce), gas: 100_000n }),
    )
    await node.mine()
  }
  return hashes
}

test('a pruned client has less on its disk, knows its latest blocks, and goes on over a restart', async () => {
  await using folder = await createFolder()
  const { signal } = new AbortController()
  {
    await using node = await openTestNode({ dataDir: folder.path })
    const sent = await grow(node, 60)
    const before = await node.execution.blocks.byNumber(20n)
    assert.ok(before)
    const result = await node.execution.prune({ keepBlocks: 10, keepStatesAt: [32n], signal })
    assert.equal(result.blocksRemoved, 49)
    assert.ok(result.nodesRemoved > 100, `${result.nodesRemoved} nodes removed`)
    assert.equal(await node.execution.blocks.byNumber(20n), null)
    assert.equal(await node.execution.state(before.header.hash), null)
    assert.equal((await node.execution.blocks.headerByNumber(20n))?.hash, before.header.hash)
    assert.equal(await node.execution.blocks.locate(sent[3] ?? zeroHash), null)
    assert.ok(await node.execution.blocks.locate(sent[55] ?? zeroHash))
    await grow(node, 5)
  }
  await using again = await openTestNode({ dataDir: folder.path })
  assert.equal(again.head.number, 65n)
  for (const number of [32n, 50n, 65n]) {
    const header = await again.execution.blocks.headerByNumber(number)
    const state = await again.execution.state(header?.hash ?? zeroHash)
    assert.equal(await state?.storage(counter.address, zeroHash), number, `state at ${number}`)
  }
  await grow(again, 3)
  const twice = await again.execution.prune({ keepBlocks: 10, signal })
  assert.equal(twice.blocksRemoved, 8)
})

test('blocks that come while it prunes lose nothing', async () => {
  await using node = await openTestNode()
  await grow(node, 30)
  const { signal } = new AbortController()
  const pruning = Promise.all([1, 2, 3].map(() => node.execution.prune({ keepBlocks: 2, signal })))
  await grow(node, 30)
  await pruning
  const state = await node.execution.state(node.head.hash)
  for (let slot = 1n; slot <= 60n; slot++)
    assert.ok(await state?.storage(counter.address, `0x${slot.toString(16).padStart(64, '0')}`))
})

test('a stop in the middle leaves nothing behind that the next run does not find', async () => {
  await using node = await openTestNode()
  await grow(node, 40)
  const stop = new AbortController()
  const kept: bigint[] = []
  const { blocks } = node.execution
  const watch = setInterval(() => {
    if (blocks.historyStart > 5n) stop.abort()
  }, 0)
  const options = { keepBlocks: 5, signal: stop.signal }
  await node.execution
    .prune(options)
    .catch((error: Error) => assert.equal(error.name, 'AbortError'))
  clearInterval(watch)
  await grow(node, 10)
  await node.execution.prune({ keepBlocks: 5, signal: new AbortController().signal })
  for (let number = 1n; number <= 50n; number++)
    if ((await blocks.byNumber(number)) !== null) kept.push(number)
  assert.deepEqual(kept, [45n, 46n, 47n, 48n, 49n, 50n])
  assert.equal(blocks.historyStart, 45n)
})

test('a block that is being written when it begins keeps its state', async () => {
  await using node = await openTestNode()
  await grow(node, 10)
  const { signal } = new AbortController()
  for (let round = 0; round < 20; round++) {
    const nonce = Number(await node.execution.pool.nextNonce(alice.address.toLowerCase() as Hex))
    await node.send(alice, { to: counter.address, nonce, gas: 100_000n })
    const { executionPayload } = await node.build()
    const [result] = await Promise.all([
      new Promise((resolve) => queueMicrotask(() => resolve(null))).then(() =>
        node.execution.prune({ keepBlocks: 0, signal }),
      ),
      node.setHead(executionPayload.blockHash),
    ])
    assert.ok(result.nodesKept > 0)
    const state = await node.execution.state(node.head.hash)
    for (let slot = 1n; slot <= node.head.number; slot++)
      assert.ok(await state?.storage(counter.address, `0x${slot.toString(16).padStart(64, '0')}`))
  }
})

test('the set of hashes is a set', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(fc.array(hash), fc.array(hash), (members, others) => {
      const set = new HashSet(2)
      const names = new Set<string>()
      const nameOf = (bytes: Uint8Array) => Buffer.from(bytes.subarray(0, 16)).toString('hex')
      const nothing = (bytes: Uint8Array) => bytes.subarray(0, 16).every((byte) => byte === 0)
      for (const member of members.filter((each) => !nothing(each))) {
        assert.equal(set.add(member), !names.has(nameOf(member)))
        names.add(nameOf(member))
      }
      assert.equal(set.size, names.size)
      for (const other of others.filter((each) => !nothing(each)))
        assert.equal(set.has(other), names.has(nameOf(other)))
    }),
  )
})
