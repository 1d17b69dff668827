import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CarReader, CarWriter } from '@ipld/car'
import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { type Block, cidOf, rawCode } from '../dag/cid.ts'
import { buildDirectory } from '../dag/directory.ts'
import { encodeVarint } from '../dag/varint.ts'
import { importBytes } from '../importing/import-bytes.ts'
import { readFile } from '../reading/read-file.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { collect, concat, keystream } from '../test-support/known-bytes.ts'
import { exportCar } from './export-car.ts'
import { importCar } from './import-car.ts'

async function sample(sizeBytes = 3_000_000) {
  const store = createMemoryStore()
  const { cid } = await importBytes(keystream(sizeBytes, 'car'), { write: store.put })
  return { store, cid, car: await collect(exportCar(cid, store)) }
}

async function* pieces(bytes: Uint8Array, size = 50_000) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** A CAR as the library writes it, of any blocks. */
async function carOf(roots: CID[], blocks: Block[]): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create(roots)
  const written = collect(out)
  for (const block of blocks) await writer.put(block)
  await writer.close()
  return written
}

const block = async (text: string): Promise<Block> => {
  const bytes = new TextEncoder().encode(text)
  return { cid: await cidOf(rawCode, bytes), bytes }
}

test('an exported archive is what the CAR library writes and reads', async () => {
  const { cid, car, store } = await sample()
  const reader = await CarReader.fromBytes(car)
  assert.deepEqual(await reader.getRoots(), [cid])
  const blocks = await Array.fromAsync(reader.blocks())
  assert.equal(blocks.length, 4)
  assert.deepEqual(await carOf([cid], blocks), car)
  assert.deepEqual(await collect(exportCar(cid, store)), car)
})

test('files come back from an archive whatever their size and however it is split', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2_500_000 }),
      fc.integer({ min: 1, max: 70_000 }),
      async (sizeBytes, pieceBytes) => {
        const { cid, car } = await sample(sizeBytes)
        const store = createMemoryStore()
        const { root } = await importCar(pieces(car, Math.max(pieceBytes, sizeBytes >> 8)), store, {
          root: cid,
        })
        assert.ok(root.equals(cid))
        assert.deepEqual(await collect(readFile(cid, store)), concat(keystream(sizeBytes, 'car')))
      },
    ),
    { numRuns: 20 },
  )
})

test('a folder survives the way through an archive, also with leaves before their parents', async () => {
  const store = createMemoryStore()
  const leaf = await importBytes([new TextEncoder().encode('x')], { write: store.put })
  const big = await importBytes(keystream(1_200_000, 'in folder'), { write: store.put })
  const { cid } = await buildDirectory(
    [
      { ...leaf, name: 'a' },
      { ...big, name: 'b' },
    ],
    store.put,
  )
  const car = await collect(exportCar(cid, store))
  const reversed = (await Array.fromAsync((await CarReader.fromBytes(car)).blocks())).reverse()
  for (const archive of [car, await carOf([cid], reversed)]) {
    const { blocks } = await importCar(pieces(archive), createMemoryStore(), { root: cid })
    assert.equal(blocks, 5)
  }
})

test('one wrong byte in any block is found and the block named', async () => {
  const { cid, car } = await sample()
  for (const at of [200, 1_000_000, car.length - 1]) {
    const damaged = car.slice()
    damaged[at] = (damaged[at] ?? 0) ^ 1
    await assert.rejects(
      importCar(pieces(damaged), createMemoryStore(), { root: cid }),
      (error) => {
        assert.ok(error instanceof Error && 'code' in error)
        return error.code === 'BLOCK_CORRUPT' && /Wrong bytes for block baf/.test(error.message)
      },
    )
  }
})

test('an archive cut off anywhere is refused', async () => {
  const { cid, car } = await sample(1_100_000)
  for (const length of [0, 1, 30, 58, 60, 100, 300, 1_000_000, car.length - 1])
    await assert.rejects(
      importCar(pieces(car.subarray(0, length)), createMemoryStore(), { root: cid }),
      { code: /INVALID_CAR|BLOCK_MISSING/ },
      `cut at ${length}`,
    )
})

test('missing, extra and other blocks, and other roots, are refused', async () => {
  const { cid, car } = await sample()
  const blocks = await Array.fromAsync((await CarReader.fromBytes(car)).blocks())
  const stranger = await block('stranger')
  const refused = async (archive: Uint8Array, code: string, root = cid) =>
    assert.rejects(importCar(pieces(archive), createMemoryStore(), { root }), { code })
  await refused(await carOf([cid], blocks.slice(0, -1)), 'BLOCK_MISSING')
  await refused(await carOf([cid], blocks.slice(1)), 'BLOCK_MISSING')
  await refused(await carOf([cid], [...blocks, stranger]), 'INVALID_CAR')
  await refused(car, 'INVALID_CAR', stranger.cid)
  await refused(await carOf([], blocks), 'INVALID_CAR')
  await refused(await carOf([cid, stranger.cid], blocks), 'INVALID_CAR')
  await refused(
    await carOf([cid], [{ cid: stranger.cid, bytes: new Uint8Array(3) }]),
    'BLOCK_CORRUPT',
  )
})

test('an archive that states huge lengths is refused before it is gathered', async () => {
  let given = 0
  async function* endless(start: Uint8Array) {
    yield start
    for (; given < 200_000_000; given += 100_000) yield new Uint8Array(100_000)
  }
  const { car } = await sample(10)
  const starts = [
    Uint8Array.from(encodeVarint(2 ** 40)),
    Uint8Array.from([...car, ...encodeVarint(2 ** 40), ...car.subarray(60)]),
    Uint8Array.from([...car, ...encodeVarint(3_000_000), ...car.subarray(60)]),
  ]
  for (const start of starts) {
    given = 0
    await assert.rejects(importCar(endless(start), createMemoryStore()), { code: 'INVALID_CAR' })
    assert.ok(given < 4_000_000, `${given} bytes were taken`)
  }
})

test('an archive beyond the limits given is refused', async () => {
  const { car } = await sample()
  const limits = [{ maxBytes: 2_000_000 }, { maxBlocks: 3 }]
  for (const limit of limits)
    await assert.rejects(importCar(pieces(car), createMemoryStore(), limit), {
      code: 'INVALID_CAR',
    })
})

test('arbitrary bytes are refused, never thrown about', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await assert.rejects(importCar(pieces(bytes), createMemoryStore()), {
        code: /INVALID_CAR|INVALID_CID|BLOCK_/,
      })
    }),
    { numRuns: 300 },
  )
})

test('a source that fails is told as it failed, and an export names the block it lacks', async () => {
  const { cid, car, store } = await sample()
  async function* broken() {
    yield car.subarray(0, 1000)
    throw new Error('the cable was cut')
  }
  await assert.rejects(importCar(broken(), createMemoryStore()), { message: 'the cable was cut' })
  const [leaf] = (await Array.fromAsync(store.list())).filter((each) => each.cid.code === rawCode)
  await store.delete(leaf?.cid ?? cid)
  await assert.rejects(collect(exportCar(cid, store)), {
    code: 'BLOCK_MISSING',
    message: new RegExp(String(leaf?.cid)),
  })
})
