import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { BalancedTree } from '../dag/balanced-tree.ts'
import { cidOf, rawCode } from '../dag/cid.ts'
import { buildDirectory } from '../dag/directory.ts'
import { encodeFileNode } from '../dag/encode-node.ts'
import { artifactErrorCode } from '../errors.ts'
import { importBytes } from '../importing/import-bytes.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { keystream } from '../test-support/known-bytes.ts'
import { answerChallenge } from './answer-challenge.ts'
import { verifyAnswer } from './verify-answer.ts'
import { verifyDag } from './verify-dag.ts'

const seedOf = (value: number) => new Uint8Array(32).fill(value & 255).fill(value >> 8, 1, 2)

/** A file of many small leaves: the layout of a large one without its size. */
async function manyLeaves(store: BlobStore, count: number): Promise<{ root: CID; leaves: CID[] }> {
  const tree = new BalancedTree((block) => store.put(block))
  const leaves: CID[] = []
  for (let i = 0; i < count; i++) {
    const bytes = new Uint8Array(100)
    new DataView(bytes.buffer).setUint32(0, i)
    const cid = await cidOf(rawCode, bytes)
    await store.put({ cid, bytes })
    await tree.add({ cid, sizeBytes: 100, dagBytes: 100 })
    leaves.push(cid)
  }
  return { root: (await tree.finish()).cid, leaves }
}

async function canAnswer(root: CID, store: BlobStore, seed: Uint8Array): Promise<boolean> {
  try {
    for await (const _ of answerChallenge({ root, seed, count: 100 }, store));
    return true
  } catch (error) {
    assert.equal(artifactErrorCode(error), 'BLOCK_MISSING')
    return false
  }
}

test('a store that has everything passes, for files of any size and folders', async () => {
  const store = createMemoryStore()
  const small = await importBytes([new Uint8Array(5)], { write: store.put })
  const empty = await importBytes([], { write: store.put })
  const big = await importBytes(keystream(5_000_000, 'proof'), { write: store.put })
  const { root: deep } = await manyLeaves(store, 1500)
  const folder = await buildDirectory(
    [
      { ...small, name: 'small' },
      { ...big, name: 'big' },
    ],
    store.put,
  )
  for (const root of [small.cid, empty.cid, big.cid, deep, folder.cid]) {
    const challenge = { root, seed: seedOf(7), count: 20 }
    const { samples, blocks } = await verifyAnswer(challenge, answerChallenge(challenge, store))
    assert.equal(samples, 20)
    assert.ok(blocks >= 1 && blocks <= 23)
  }
})

test('a store that lost 1% is found as often as the README says', async () => {
  const store = createMemoryStore()
  const { root, leaves } = await manyLeaves(store, 1000)
  for (const cid of leaves.slice(500, 510)) await store.delete(cid)
  const rounds = 150
  let found = 0
  for (let i = 0; i < rounds; i++) if (!(await canAnswer(root, store, seedOf(i)))) found++
  // The node over so many small leaves counts too: what was lost is 0.65% of all bytes, not 1%.
  const lostShare = 1000 / (await dagBytesOf(store, 1000))
  const expected = 1 - (1 - lostShare) ** 100
  assert.ok(Math.abs(found / rounds - expected) < 0.1, `${found / rounds}, not ${expected}`)
})

async function dagBytesOf(store: BlobStore, lostBytes: number): Promise<number> {
  const blocks = await Array.fromAsync(store.list())
  return blocks.reduce((sum, block) => sum + block.sizeBytes, lostBytes)
}

test('each byte is as likely as any other', async () => {
  const store = createMemoryStore()
  const write = (block: Parameters<typeof store.put>[0]) => store.put(block)
  const one = await importBytes([new Uint8Array(900_000).fill(1)], { write })
  const two = await importBytes([new Uint8Array(100_000).fill(2)], { write })
  const { block } = await encodeFileNode([one, two])
  await store.put(block)
  let small = 0
  for (let i = 0; i < 300; i++) {
    const challenge = { root: block.cid, seed: seedOf(i), count: 1 }
    const sizes = await Array.fromAsync(answerChallenge(challenge, store), (each) => each.length)
    if (sizes[1] === 100_000) small++
  }
  assert.ok(Math.abs(small / 300 - 0.1) < 0.05, `${small} of 300`)
})

test('any change of an answer is refused', async () => {
  const store = createMemoryStore()
  const { root } = await manyLeaves(store, 300)
  const challenge = { root, seed: seedOf(3), count: 5 }
  const answer = await Array.fromAsync(answerChallenge(challenge, store))
  await assert.rejects(verifyAnswer({ ...challenge, seed: seedOf(4) }, answer), {
    code: 'INVALID_PROOF',
  })
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('flip', 'drop', 'repeat', 'swap', 'cut', 'more'),
      fc.nat(answer.length - 1),
      fc.nat(99),
      async (change, at, byte) => {
        const forged = answer.map((bytes) => bytes.slice())
        const [chosen = new Uint8Array(0)] = forged.slice(at)
        if (change === 'flip') chosen[byte] = (chosen[byte] ?? 0) ^ 1
        if (change === 'drop') forged.splice(at, 1)
        if (change === 'repeat') forged.splice(at, 0, chosen)
        if (change === 'swap') forged.reverse()
        if (change === 'cut') forged[at] = chosen.subarray(0, -1)
        if (change === 'more') forged.push(new Uint8Array(byte))
        await assert.rejects(verifyAnswer(challenge, forged), { code: 'INVALID_PROOF' })
      },
    ),
    { numRuns: 100 },
  )
})

test('a hostile answer or challenge is refused at once', async () => {
  const store = createMemoryStore()
  const { root } = await manyLeaves(store, 10)
  const seed = seedOf(1)
  for (const count of [0, -1, 1.5, 1025, Number.NaN])
    await assert.rejects(verifyAnswer({ root, seed, count }, []), { code: 'INVALID_PROOF' })
  await assert.rejects(verifyAnswer({ root, seed: new Uint8Array(31), count: 1 }, []), {
    code: 'INVALID_PROOF',
  })
  let given = 0
  async function* endless() {
    for (;;) {
      given++
      yield new Uint8Array(3_000_000)
    }
  }
  await assert.rejects(verifyAnswer({ root, seed, count: 3 }, endless()), { code: 'INVALID_PROOF' })
  assert.equal(given, 1)
})

test('a DAG whose links state wrong sizes is told apart from a store that lost something', async () => {
  const store = createMemoryStore()
  const leaf = await importBytes([new Uint8Array(10)], { write: store.put })
  const { block } = await encodeFileNode([{ ...leaf, dagBytes: 1_000_000 }])
  await store.put(block)
  const challenge = { root: block.cid, seed: seedOf(1), count: 10 }
  await assert.rejects(Array.fromAsync(answerChallenge(challenge, store)), { code: 'INVALID_NODE' })
  await assert.rejects(verifyDag(block.cid, store), { code: 'INVALID_NODE' })
})

test('whoever is to answer for an artifact can check it before', async () => {
  const store = createMemoryStore()
  const { root, leaves } = await manyLeaves(store, 1100)
  const { blocks, bytes } = await verifyDag(root, store)
  assert.deepEqual([blocks, bytes], [1103, await dagBytesOf(store, 0)])
  const lost = leaves[1050] ?? root
  await store.delete(lost)
  await assert.rejects(verifyDag(root, store), {
    code: 'BLOCK_MISSING',
    message: new RegExp(lost.toString()),
  })
})
