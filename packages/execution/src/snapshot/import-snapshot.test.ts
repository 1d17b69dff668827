import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PayloadEnvelope } from '@quoin/engine'
import type { Hex } from '@quoin/kernel'
import type { PrivateKeyAccount } from 'viem'
import { zeroHash } from '../codec/bytes.ts'
import { accounts, counter, createTestGenesis } from '../testing/test-genesis.ts'
import { createFolder, openTestNode } from '../testing/test-node.ts'
import type { FetchParts } from './fetch-state.ts'
import { importSnapshot, type SnapshotBlock } from './import-snapshot.ts'

const [alice, bob] = accounts as [PrivateKeyAccount, PrivateKeyAccount]
type TestNode = Awaited<ReturnType<typeof openTestNode>>

const snapshotBlock = ({
  executionPayload,
  executionRequests,
}: PayloadEnvelope): SnapshotBlock => ({
  payload: executionPayload,
  executionRequests,
  parentBeaconBlockRoot: zeroHash,
})

/** Counts, moves coins, and writes a slot for each block. */
async function grow(node: TestNode, blocks: number): Promise<PayloadEnvelope[]> {
  const payloads: PayloadEnvelope[] = []
  const first = Number(node.head.number)
  for (let nonce = first; nonce < first + blocks; nonce++) {
    const to: Hex = `0x${(nonce + 1).toString(16).padStart(40, '0')}`
    await node.send(alice, { to: counter.address, nonce, gas: 100_000n })
    await node.send(bob, { to, nonce, gas: 100_000n, value: 1n })
    const payload = await node.build()
    await node.setHead(payload.executionPayload.blockHash)
    payloads.push(payload)
  }
  return payloads
}

const honest =
  (node: TestNode): FetchParts =>
  async (hashes) =>
    node.execution.stateParts(hashes)

test('a new client begins at a block that it did not execute, and goes on like the others', async () => {
  await using server = await openTestNode()
  const payloads = await grow(server, 40)
  await using folder = await createFolder()
  const { signal } = new AbortController()
  let seen = 0
  await importSnapshot({
    dataDir: folder.path,
    genesis: createTestGenesis(),
    blocks: payloads.slice(-10).map(snapshotBlock),
    fetch: honest(server),
    signal,
    onProgress: ({ parts }) => {
      seen = parts
    },
  })
  assert.ok(seen > 40, `${seen} parts`)
  await using client = await openTestNode({ dataDir: folder.path })
  assert.equal(client.head.hash, server.head.hash)
  assert.equal((await client.execution.blocks.byNumber(31n))?.header.number, 31n)
  assert.equal(await client.execution.blocks.byNumber(30n), null, 'not brought')
  const [next] = await grow(server, 1)
  assert.ok(next)
  assert.equal((await client.check(next)).status, 'VALID', 'executes the next block alike')
  await client.setHead(next.executionPayload.blockHash)
  const state = await client.execution.state(client.head.hash)
  assert.equal(await state?.storage(counter.address, zeroHash), 41n)
})

test('wrong bytes are not taken, and those who have them are asked again', async () => {
  await using server = await openTestNode()
  const payloads = await grow(server, 20)
  await using folder = await createFolder()
  let asked = 0
  const flaky: FetchParts = async (hashes) => {
    asked += 1
    const parts = server.execution.stateParts(hashes)
    if (asked % 2 === 0) return parts
    return parts.map((part, index) =>
      index % 2 ? part && Uint8Array.from(part).fill(7, 0, 1) : null,
    )
  }
  const { signal } = new AbortController()
  const options = { dataDir: folder.path, genesis: createTestGenesis(), fetch: flaky, signal }
  await importSnapshot({ ...options, blocks: payloads.slice(-2).map(snapshotBlock) })
  await using client = await openTestNode({ dataDir: folder.path })
  assert.equal(client.head.stateRoot, server.head.stateRoot)
})

test('an interrupted snapshot leaves the folder at its genesis and goes on where it was', async () => {
  await using server = await openTestNode()
  const payloads = await grow(server, 30)
  await using folder = await createFolder()
  const genesis = createTestGenesis()
  const blocks = payloads.slice(-2).map(snapshotBlock)
  const stop = new AbortController()
  let brought = 0
  const until =
    (limit: number): FetchParts =>
    async (hashes) => {
      if (brought >= limit) stop.abort()
      stop.signal.throwIfAborted()
      brought += hashes.length
      return server.execution.stateParts(hashes)
    }
  const { signal } = stop
  const options = { dataDir: folder.path, genesis, blocks }
  await assert.rejects(importSnapshot({ ...options, fetch: until(20), signal }), {
    name: 'AbortError',
  })
  await using half = await openTestNode({ dataDir: folder.path })
  assert.equal(half.head.number, 0n)
  await half[Symbol.asyncDispose]()
  const again: Uint8Array[] = []
  await importSnapshot({
    ...options,
    fetch: async (hashes) => {
      again.push(...hashes)
      return server.execution.stateParts(hashes)
    },
    signal: new AbortController().signal,
  })
  const whole = again.length + brought
  await using client = await openTestNode({ dataDir: folder.path })
  assert.equal(client.head.hash, server.head.hash)
  assert.ok(again.length < whole, 'does not ask for what is there')
})

test('a state that nobody has, blocks that do not follow, and a folder that is further are refused', async () => {
  await using server = await openTestNode()
  const payloads = await grow(server, 5)
  await using folder = await createFolder()
  const { signal } = new AbortController()
  const options = { dataDir: folder.path, genesis: createTestGenesis(), signal }
  const blocks = payloads.map(snapshotBlock)
  const nobody: FetchParts = async (hashes) => hashes.map(() => null)
  await assert.rejects(importSnapshot({ ...options, blocks, fetch: nobody }), {
    code: 'STATE_UNAVAILABLE',
  })
  const [first, , third] = blocks
  assert.ok(first && third)
  const fetch = honest(server)
  const gap = importSnapshot({ ...options, blocks: [first, third], fetch })
  await assert.rejects(gap, { code: 'INVALID_BLOCK' })
  await importSnapshot({ ...options, blocks, fetch })
  const older = importSnapshot({ ...options, blocks: [first], fetch })
  await assert.rejects(older, { code: 'SNAPSHOT_NOT_NEEDED' })
})
