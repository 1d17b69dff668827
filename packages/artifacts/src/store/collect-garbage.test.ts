import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { importBytes } from '../importing/import-bytes.ts'
import { readFile } from '../reading/read-file.ts'
import { collect, concat, keystream } from '../test-support/known-bytes.ts'
import { temporaryFolder } from '../test-support/temporary-folder.ts'
import { collectGarbage } from './collect-garbage.ts'
import { openFolderStore } from './folder-store.ts'
import { createMemoryStore } from './memory-store.ts'
import { openPins } from './pins.ts'

/** A store, pins, and a clock that both share. */
async function openAll() {
  const folder = await temporaryFolder()
  const clock = { ms: 1_700_000_000_000 }
  const now = () => clock.ms
  const pins = await openPins(folder.path, { now })
  const store = createMemoryStore({ now })
  const publish = (seed: string) => importBytes(keystream(2_100_000, seed), { write: store.put })
  const run = (graceMs = 60_000) => collectGarbage(store, pins, { now, graceMs })
  return {
    ...folder,
    clock,
    pins,
    store,
    publish,
    run,
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  }
}

test('what no pin reaches is deleted once its time of grace is over, and the rest stays readable', async () => {
  await using at = await openAll()
  const kept = await at.publish('kept')
  const dropped = await at.publish('dropped')
  await at.pins.pin(kept.cid, at.store, { note: 'the good one' })
  assert.deepEqual(await at.run(), { kept: 8, deleted: 0, freedBytes: 0 })
  at.clock.ms += 62_000
  const { kept: left, deleted, freedBytes } = await at.run()
  assert.deepEqual([left, deleted], [4, 4])
  assert.equal(freedBytes, dropped.dagBytes)
  assert.deepEqual(
    await collect(readFile(kept.cid, at.store)),
    concat(keystream(2_100_000, 'kept')),
  )
  assert.equal((await at.pins.list())[0]?.note, 'the good one')
  assert.equal(await at.pins.unpin(kept.cid), true)
  assert.equal(await at.pins.unpin(kept.cid), false)
  assert.equal((await at.run()).deleted, 4)
})

test('a publish under way keeps its blocks, also those that were there as garbage already', async () => {
  await using at = await openAll()
  await at.publish('slow')
  at.clock.ms += 3_600_000
  const writing = await at.pins.startWriting()
  at.clock.ms += 1000
  const { cid } = await at.publish('slow')
  for (let round = 0; round < 5; round++) {
    at.clock.ms += 11_000
    assert.equal((await at.run(5000)).deleted, 0)
  }
  await at.pins.pin(cid, at.store)
  await writing[Symbol.asyncDispose]()
  at.clock.ms += 3_600_000
  assert.deepEqual(await at.run(), { kept: 4, deleted: 0, freedBytes: 0 })
})

test('a writer that died long ago no longer hinders the collection', async () => {
  await using at = await openAll()
  await at.pins.startWriting()
  await at.publish('half')
  at.clock.ms += 700_000
  assert.equal((await at.run()).deleted, 4)
})

test('a DAG that is not complete is not pinned', async () => {
  await using at = await openAll()
  const { cid } = await at.publish('partial')
  const [leaf] = (await Array.fromAsync(at.store.list())).filter((block) => block.cid.code === 0x55)
  await at.store.delete(leaf?.cid ?? cid)
  await assert.rejects(at.pins.pin(cid, at.store), {
    code: 'BLOCK_MISSING',
    message: new RegExp(String(leaf?.cid)),
  })
  assert.deepEqual(await at.pins.list(), [])
})

test('nothing is deleted while a node of a pinned DAG is lost', async () => {
  await using at = await openAll()
  const { cid } = await at.publish('lost')
  await at.pins.pin(cid, at.store)
  await at.store.delete(cid)
  at.clock.ms += 3_600_000
  await assert.rejects(at.run(), { code: 'BLOCK_MISSING', message: new RegExp(cid.toString()) })
  assert.equal((await Array.fromAsync(at.store.list())).length, 3)
})

test('two collections do not run at once, and a pin waits for the one that does', async () => {
  await using at = await openAll()
  const { cid } = await at.publish('waits')
  const collecting = await at.pins.startCollecting()
  await assert.rejects(at.run(), { code: 'STORE_UNUSABLE' })
  let isPinned = false
  const pinning = at.pins.pin(cid, at.store).then(() => {
    isPinned = true
  })
  await at.store.has(cid)
  assert.equal(isPinned, false)
  await collecting[Symbol.asyncDispose]()
  await pinning
})

test('a pin that cannot be read stops the collection instead of losing what it held', async () => {
  await using at = await openAll()
  const { cid } = await at.publish('broken')
  await at.pins.pin(cid, at.store)
  await writeFile(join(at.path, 'pins', `${cid}.json`), '{"cid":')
  at.clock.ms += 3_600_000
  await assert.rejects(at.run(), { code: 'STORE_UNUSABLE', message: new RegExp(cid.toString()) })
})

test('on disk, publishing again what a collection is about to delete keeps it', async () => {
  await using folder = await temporaryFolder()
  const store = await openFolderStore(folder.path)
  const write = store.put.bind(store)
  const { cid } = await importBytes(keystream(4_000_000, 'race'), { write })
  const cids = (await Array.fromAsync(store.list())).map((block) => block.cid)
  for (let round = 0; round < 20; round++) {
    const writtenBeforeMs = Date.now()
    await Promise.all([
      importBytes(keystream(4_000_000, 'race'), { write }),
      ...cids.map((each) => store.delete(each, { writtenBeforeMs })),
    ])
    assert.equal((await collect(readFile(cid, store))).length, 4_000_000)
  }
})
