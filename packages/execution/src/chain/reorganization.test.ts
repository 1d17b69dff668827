import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PayloadEnvelope } from '@quoin/engine'
import type { Hex } from '@quoin/kernel'
import type { HeadEvent } from '../interface.ts'
import { accounts, counter } from '../testing/test-genesis.ts'
import { createFolder, openTestNode } from '../testing/test-node.ts'

const [alice, bob, carol] = accounts
assert.ok(alice && bob && carol)
const call = { to: counter.address, gas: 100_000n }

/** Blocks on the head of a node, each with one call of `sender`. */
async function extend(
  node: Awaited<ReturnType<typeof openTestNode>>,
  sender: typeof alice,
  { count, salt }: { count: number; salt: number },
): Promise<{ payloads: PayloadEnvelope[]; transactions: Hex[] }> {
  const payloads: PayloadEnvelope[] = []
  const transactions: Hex[] = []
  for (let nonce = 0; nonce < count; nonce++) {
    assert.ok(sender)
    transactions.push(await node.send(sender, { ...call, nonce }))
    const payload = await node.build(node.head, salt)
    payloads.push(payload)
    await node.setHead(payload.executionPayload.blockHash)
  }
  return { payloads, transactions }
}

for (const depth of [1, 5, 40])
  test(`a reorganization of ${depth} blocks leaves the state of the new branch and returns what it lacks`, async () => {
    await using folder = await createFolder()
    await using other = await openTestNode()
    const right = await extend(other, bob, { count: depth + 1, salt: 2 })
    const left: Hex[] = []
    {
      await using node = await openTestNode({ dataDir: folder.path })
      const both = await node.send(bob, { ...call, nonce: 0 })
      assert.equal(both, right.transactions[0])
      left.push(...(await extend(node, alice, { count: depth, salt: 1 })).transactions)
      const events: HeadEvent[] = []
      node.execution.onHead((event) => events.push(event))
      for (const payload of right.payloads)
        assert.equal((await node.check(payload)).status, 'VALID')
      await node.setHead(other.head.hash)

      assert.equal(node.head.stateRoot, other.head.stateRoot)
      assert.equal(events.length, 1)
      assert.equal(events[0]?.removed.length, depth)
      assert.deepEqual(
        events[0]?.added.map(({ block }) => block.header.number),
        right.payloads.map((_, index) => BigInt(index + 1)),
      )
      for (const hash of right.transactions) {
        const place = await node.execution.blocks.locate(hash)
        assert.ok(place)
        const canonical = await node.execution.blocks.byNumber(place.block.header.number)
        assert.equal(place.block.header.hash, canonical?.header.hash)
        assert.equal(node.execution.pool.get(hash), null)
      }
      for (const hash of left) {
        assert.equal(await node.execution.blocks.locate(hash), null)
        assert.ok(node.execution.pool.get(hash))
      }
      assert.deepEqual(node.execution.pool.status(), { pending: depth, queued: 0 })
    }
    await using reopened = await openTestNode({ dataDir: folder.path })
    for (const hash of left) assert.ok(reopened.execution.pool.get(hash), 'and after a restart')
    const { receipts } = await reopened.mine()
    assert.deepEqual(
      receipts.map(({ transactionHash }) => transactionHash),
      left,
    )
  })

test('a branch whose beginning was forgotten far behind the head can be sent again from the fork', async () => {
  await using node = await openTestNode()
  await using other = await openTestNode()
  const { payloads } = await extend(other, bob, { count: 40, salt: 2 })
  for (const payload of payloads.slice(0, 30)) await node.check(payload)
  await extend(node, alice, { count: 30, salt: 1 })
  const [, second] = payloads
  assert.ok(second)
  assert.equal((await node.check(second)).status, 'SYNCING', 'its parent is gone')
  for (const payload of payloads) assert.equal((await node.check(payload)).status, 'VALID')
  await node.setHead(other.head.hash)
  assert.equal(node.head.stateRoot, other.head.stateRoot)
})

test('payloads that are built over and over leave nothing behind', async () => {
  await using node = await openTestNode()
  const built: Hex[] = []
  for (let salt = 1; salt <= 100; salt++)
    built.push((await node.build(node.head, salt)).executionPayload.blockHash)
  const kept = await Promise.all(built.map((hash) => node.execution.blocks.header(hash)))
  assert.ok(kept.filter((header) => header !== null).length <= 16)
  await node.setHead(built.at(-1) ?? '0x')
  assert.equal(node.head.number, 1n)
})
