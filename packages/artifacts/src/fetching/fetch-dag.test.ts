import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CID } from 'multiformats/cid'
import { importBytes } from '../importing/import-bytes.ts'
import { readFile } from '../reading/read-file.ts'
import type { BlobStore } from '../store/blob-store.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { collect, concat, keystream } from '../test-support/known-bytes.ts'
import type { BlockSource } from './block-source.ts'
import { fetchDag } from './fetch-dag.ts'

const size = 12_345_678
const quick = { retryMs: 1, blockTimeoutMs: 2000 }

async function published() {
  const store = createMemoryStore()
  const { cid, dagBytes } = await importBytes(keystream(size, 'fetch'), { write: store.put })
  return { store, cid, dagBytes }
}

/** A source over a store, with a say in each answer. */
function sourceOf(
  name: string,
  store: BlobStore,
  meddle?: (cid: CID) => Uint8Array | null | undefined,
) {
  const asked: CID[] = []
  const source: BlockSource = {
    name,
    async getBlock(cid) {
      asked.push(cid)
      const meddled = meddle?.(cid)
      if (meddled !== undefined) return meddled
      return (await store.has(cid)) ? store.get(cid) : null
    },
  }
  return { ...source, asked }
}

async function assertWhole(cid: CID, store: BlobStore): Promise<void> {
  assert.deepEqual(await collect(readFile(cid, store)), concat(keystream(size, 'fetch')))
}

test('an artifact is fetched from several sources, each asked for some of it', async () => {
  const { store: origin, cid, dagBytes } = await published()
  const store = createMemoryStore()
  const sources = [sourceOf('a', origin), sourceOf('b', origin)]
  const told: number[] = []
  const result = await fetchDag(cid, {
    store,
    sources,
    ...quick,
    onProgress: (progress) => told.push(progress.fetchedBytes),
  })
  await assertWhole(cid, store)
  assert.deepEqual(result, {
    blocks: 13,
    bytes: dagBytes,
    fetchedBlocks: 13,
    fetchedBytes: dagBytes,
    totalBytes: dagBytes,
  })
  assert.equal(told.at(-1), dagBytes)
  for (const source of sources) assert.ok(source.asked.length >= 3)
})

test('a fetch that was cut off goes on with what is missing', async () => {
  const { store: origin, cid } = await published()
  const store = createMemoryStore()
  const controller = new AbortController()
  const first = sourceOf('a', origin)
  const options = { store, sources: [first], ...quick, concurrency: 2 }
  await assert.rejects(
    fetchDag(cid, {
      ...options,
      signal: controller.signal,
      onProgress: ({ blocks }) => blocks === 6 && controller.abort(new Error('lid closed')),
    }),
    { message: 'lid closed' },
  )
  const before = (await Array.fromAsync(store.list())).length
  assert.ok(before >= 6 && before < 13)
  const second = sourceOf('a', origin)
  const { fetchedBlocks, blocks } = await fetchDag(cid, { ...options, sources: [second] })
  assert.deepEqual([fetchedBlocks, blocks], [13 - before, 13])
  assert.equal(second.asked.length, 13 - before)
  await assertWhole(cid, store)
})

test('a source that gives a wrong or an oversized block is not asked again', async () => {
  const { store: origin, cid } = await published()
  for (const wrong of [new Uint8Array(10), new Uint8Array(3_000_000)]) {
    const store = createMemoryStore()
    const liar = sourceOf('liar', origin, () => wrong)
    const sources = [liar, sourceOf('honest', origin)]
    await fetchDag(cid, { store, sources, ...quick, concurrency: 1 })
    assert.equal(liar.asked.length, 1)
    await assertWhole(cid, store)
  }
})

test('a failing source is asked again, and a source that hangs is left', async () => {
  const { store: origin, cid } = await published()
  const store = createMemoryStore()
  const failed = new Set<string>()
  const flaky = sourceOf('flaky', origin, (wanted) => {
    if (failed.has(wanted.toString())) return undefined
    failed.add(wanted.toString())
    throw new Error('connection reset')
  })
  await fetchDag(cid, { store, sources: [flaky], ...quick })
  await assertWhole(cid, store)
  const hanging: BlockSource = { name: 'hanging', getBlock: () => new Promise(() => {}) }
  const other = createMemoryStore()
  const sources = [hanging, sourceOf('works', origin)]
  await fetchDag(cid, { store: other, sources, ...quick, blockTimeoutMs: 20 })
  await assertWhole(cid, other)
})

test('a block that nobody has is named with what each source said', async () => {
  const { store: origin, cid } = await published()
  const lost = (await Array.fromAsync(origin.list())).find((block) => block.cid.code === 0x55)?.cid
  await origin.delete(lost ?? cid)
  const sources = [sourceOf('a', origin), sourceOf('b', createMemoryStore())]
  await assert.rejects(fetchDag(cid, { store: createMemoryStore(), sources, ...quick }), {
    code: 'FETCH_FAILED',
    message: new RegExp(`${lost}.*(?=.*a: does not have it)(?=.*b: does not have it)`),
  })
})

test('an artifact beyond the limits is refused at its root', async () => {
  const { store: origin, cid } = await published()
  const source = sourceOf('a', origin)
  const options = { store: createMemoryStore(), sources: [source], ...quick }
  await assert.rejects(fetchDag(cid, { ...options, maxBytes: size - 1 }), {
    code: 'LIMIT_EXCEEDED',
  })
  assert.equal(source.asked.length, 1)
  await assert.rejects(fetchDag(cid, { ...options, maxBlocks: 5 }), { code: 'LIMIT_EXCEEDED' })
})

test('a node that rotted in the store is fetched again', async () => {
  const { store: origin, cid } = await published()
  const kept = new Map<string, Uint8Array>()
  const store = createMemoryStore({ kept })
  const options = { store, sources: [sourceOf('a', origin)], ...quick }
  await fetchDag(cid, options)
  kept.get(cid.toString())?.fill(0)
  assert.equal((await fetchDag(cid, options)).fetchedBlocks, 1)
  await assertWhole(cid, store)
})
