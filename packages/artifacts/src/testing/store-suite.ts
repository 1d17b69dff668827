import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CID } from 'multiformats/cid'
import { type Block, cidOf, rawCode } from '../dag/cid.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { scrub } from '../store/scrub.ts'

/** A fresh store; `damage` changes a byte of a block where the store keeps it, behind its back. */
export type StoreHarness = AsyncDisposable & {
  store: BlobStore
  damage(cid: CID): Promise<void>
}

/** Declares the tests that every store passes. `open` gives an empty store each time. */
export function testBlobStore(name: string, open: () => Promise<StoreHarness>): void {
  describe(name, () => {
    testKeeping(open)
    testFinding(open)
    testDeleting(open)
    testRefusing(open)
  })
}

function testKeeping(open: () => Promise<StoreHarness>): void {
  test('a block that was put is got back, byte for byte, whatever the caller does to its array', async () => {
    await using harness = await open()
    for (const size of [0, 1, 70_000, 2_097_152]) {
      const block = await blockOf(size)
      const bytes = block.bytes.slice()
      await harness.store.put({ cid: block.cid, bytes })
      bytes.fill(255)
      assert.deepEqual(new Uint8Array(await harness.store.get(block.cid)), block.bytes)
    }
  })

  test('the same block put many times at once is one block', async () => {
    await using harness = await open()
    const block = await blockOf(5000)
    await Promise.all(Array.from({ length: 20 }, () => harness.store.put(block)))
    assert.equal((await Array.fromAsync(harness.store.list())).length, 1)
    assert.deepEqual(new Uint8Array(await harness.store.get(block.cid)), block.bytes)
  })

  test('many blocks put at once are all there', async () => {
    await using harness = await open()
    const blocks = await Promise.all(Array.from({ length: 200 }, (_, i) => blockOf(100 + i)))
    await Promise.all(blocks.map((block) => harness.store.put(block)))
    const listed = await Array.fromAsync(harness.store.list())
    const sizes = new Map(listed.map(({ cid, sizeBytes }) => [cid.toString(), sizeBytes]))
    assert.equal(sizes.size, blocks.length)
    for (const { cid, bytes } of blocks) assert.equal(sizes.get(cid.toString()), bytes.length)
  })
}

function testFinding(open: () => Promise<StoreHarness>): void {
  test('a block that is not there is named', async () => {
    await using harness = await open()
    const { cid } = await blockOf(10)
    assert.equal(await harness.store.has(cid), false)
    await assert.rejects(harness.store.get(cid), {
      code: 'BLOCK_MISSING',
      message: new RegExp(cid.toString()),
    })
  })

  test('a wrong byte is found and named, by reading and by a scrub, and mended by a new copy', async () => {
    await using harness = await open()
    const [good, bad] = [await blockOf(3000), await blockOf(4000)]
    await harness.store.put(good)
    await harness.store.put(bad)
    await harness.damage(bad.cid)
    const expected = { code: 'BLOCK_CORRUPT', message: new RegExp(bad.cid.toString()) }
    await assert.rejects(harness.store.get(bad.cid), expected)
    const report = await scrub(harness.store)
    assert.equal(report.blocks, 2)
    assert.deepEqual(
      report.wrong.map((error) => error.detail.cid),
      [bad.cid.toString()],
    )
    assert.equal(await harness.store.delete(bad.cid), true)
    await harness.store.put(bad)
    assert.deepEqual(new Uint8Array(await harness.store.get(bad.cid)), bad.bytes)
    assert.equal((await scrub(harness.store)).wrongCount, 0)
  })
}

function testDeleting(open: () => Promise<StoreHarness>): void {
  test('a deleted block is gone, and deleting it again says that it was', async () => {
    await using harness = await open()
    const block = await blockOf(10)
    await harness.store.put(block)
    assert.equal(await harness.store.has(block.cid), true)
    assert.equal(await harness.store.delete(block.cid), true)
    assert.equal(await harness.store.has(block.cid), false)
    assert.equal(await harness.store.delete(block.cid), false)
  })

  test('a block put again after the given time is spared', async () => {
    await using harness = await open()
    const block = await blockOf(10)
    await harness.store.put(block)
    const [{ writtenAtMs } = { writtenAtMs: 0 }] = await Array.fromAsync(harness.store.list())
    assert.equal(await harness.store.delete(block.cid, { writtenBeforeMs: writtenAtMs }), false)
    assert.equal(await harness.store.has(block.cid), true)
    assert.equal(
      await harness.store.delete(block.cid, { writtenBeforeMs: writtenAtMs + 10_000 }),
      true,
    )
  })
}

function testRefusing(open: () => Promise<StoreHarness>): void {
  test('a block beyond the limit is refused', async () => {
    await using harness = await open()
    const block = await blockOf(2_097_153)
    await assert.rejects(harness.store.put(block), { code: 'BLOCK_TOO_LARGE' })
    assert.equal(await harness.store.has(block.cid), false)
  })

  test('nothing is done for a caller that has given up', async () => {
    await using harness = await open()
    const block = await blockOf(10)
    const signal = AbortSignal.abort(new Error('enough'))
    await assert.rejects(harness.store.put(block, { signal }), { message: 'enough' })
    await assert.rejects(harness.store.get(block.cid, { signal }), { message: 'enough' })
    assert.equal(await harness.store.has(block.cid), false)
  })
}

async function blockOf(sizeBytes: number): Promise<Block> {
  const bytes = Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 7 + sizeBytes) & 255)
  return { cid: await cidOf(rawCode, bytes), bytes }
}
