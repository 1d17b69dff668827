import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createContentKey } from './encryption/key-envelope.ts'
import { importPath } from './importing/import-path.ts'
import { publish } from './publish.ts'
import { retrieve } from './retrieve.ts'
import { collectGarbage } from './store/collect-garbage.ts'
import { openFolderStore } from './store/folder-store.ts'
import { createMemoryStore } from './store/memory-store.ts'
import { openPins } from './store/pins.ts'
import { concat, keystream } from './test-support/known-bytes.ts'
import { temporaryFolder } from './test-support/temporary-folder.ts'

async function prepare() {
  const folder = await temporaryFolder()
  const at = (...names: string[]) => join(folder.path, ...names)
  await mkdir(at('in', 'sub'), { recursive: true })
  await writeFile(at('in', 'secret-name.csv'), 'patient,diagnosis\nsecret-cell,1\n'.repeat(2000))
  await writeFile(at('in', 'sub', 'big'), concat(keystream(33_300_000, 'big')))
  await symlink('sub/big', at('in', 'link'))
  const store = await openFolderStore(at('store'))
  const pins = await openPins(at('pins'))
  return { folder, at, store, pins, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] }
}

async function assertSame(one: string, two: string): Promise<void> {
  const options = { write: async () => {}, includeHidden: true }
  const [a, b] = [await importPath(one, options), await importPath(two, options)]
  assert.equal(a.cid.toString(), b.cid.toString())
}

test('files and folders, plain and encrypted, come back as they were', async () => {
  await using given = await prepare()
  const { at, store, pins } = given
  for (const name of ['in', 'in/secret-name.csv', 'in/sub/big'])
    for (const contentKey of [undefined, createContentKey()]) {
      const key = contentKey ? { contentKey } : {}
      const { root, packing } = await publish(at(name), { store, pins, ...key })
      assert.equal(packing, contentKey && name === 'in' ? 'car' : 'none')
      const target = at(`out ${name.length} ${!!contentKey}`)
      await retrieve(root, target, { blocks: store, packing, ...key })
      await assertSame(at(name), target)
    }
  assert.equal((await pins.list()).length, 6)
  const leftovers = (await readdir(at())).filter((name) => name.endsWith('.part'))
  assert.deepEqual(leftovers, [])
})

test('an encrypted folder leaves neither contents nor names on the disk of its store', async () => {
  await using given = await prepare()
  const { at, store, pins } = given
  await publish(at('in'), { store, pins, contentKey: createContentKey() })
  const found = (text: string) => {
    const files = execFileSync('sh', ['-c', `grep -rlF '${text}' store pins || true`], {
      cwd: at(),
      encoding: 'utf8',
    })
    return files.trim()
  }
  for (const text of ['secret-cell', 'secret-name', 'patient']) assert.equal(found(text), '')
  await publish(at('in'), { store, pins })
  assert.notEqual(found('secret-cell'), '')
})

test('a stream is published too, and a failing one leaves no pin', async () => {
  await using given = await prepare()
  const { at, store, pins } = given
  async function* stream(fails: boolean) {
    yield* keystream(1_500_000, 'stream')
    if (fails) throw new Error('the server hung up')
  }
  await assert.rejects(publish(stream(true), { store, pins }), { message: 'the server hung up' })
  assert.deepEqual(await pins.list(), [])
  const { root } = await publish(stream(false), { store, pins, note: 'from a stream' })
  await retrieve(root, at('out'), { blocks: store })
  assert.deepEqual(
    new Uint8Array(await readFile(at('out'))),
    concat(keystream(1_500_000, 'stream')),
  )
  await assert.rejects(retrieve(root, at('out'), { blocks: store }), { code: 'STORE_UNUSABLE' })
})

test('a folder that changes while it is packed is refused', async () => {
  await using given = await prepare()
  const { at, pins } = given
  await writeFile(at('in', 'sub', 'large'), new Uint8Array(60_000_000))
  const store = createMemoryStore()
  let puts = 0
  const meddling = {
    ...store,
    put: async (block: Parameters<typeof store.put>[0]) => {
      if (puts++ === 0) await truncate(at('in', 'sub', 'large'), 59_000_000)
      return store.put(block)
    },
  }
  await assert.rejects(
    publish(at('in'), { store: meddling, pins, contentKey: createContentKey() }),
    { code: 'SOURCE_CHANGED' },
  )
  assert.deepEqual(await pins.list(), [])
})

test('without the key nothing is written', async () => {
  await using given = await prepare()
  const { at, store, pins } = given
  const { root, packing } = await publish(at('in'), { store, pins, contentKey: createContentKey() })
  const wrong = { blocks: store, packing, contentKey: createContentKey() }
  await assert.rejects(retrieve(root, at('out'), wrong), { code: 'DECRYPTION_FAILED' })
  assert.equal((await readdir(at())).includes('out'), false)
})

test('a publish killed in the middle is finished by the next one, which writes only the rest', async () => {
  await using given = await prepare()
  const { at, store, pins } = given
  await writeFile(at('large'), concat(keystream(40_000_000, 'large')))
  const main = join(import.meta.dirname, 'test-support', 'publish-main.ts')
  const child = spawn(process.execPath, [main, at('large'), at('store'), at('pins')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.on('data', () => child.kill('SIGKILL'))
  await once(child, 'close')
  assert.deepEqual(await pins.list(), [])
  const before = await Array.fromAsync(store.list())
  assert.ok(before.length > 0 && before.length < 40)
  let puts = 0
  const counting = {
    put: async (block: Parameters<typeof store.put>[0]) => {
      if (!(await store.has(block.cid))) puts++
      return store.put(block)
    },
    get: store.get.bind(store),
    has: store.has.bind(store),
    delete: store.delete.bind(store),
    list: store.list.bind(store),
  }
  const { root } = await publish(at('large'), { store: counting, pins })
  assert.equal(puts, 40 - before.length)
  const now = () => Date.now() + 7_200_000
  assert.deepEqual(await collectGarbage(store, pins, { now }), {
    kept: 40,
    deleted: 0,
    freedBytes: 0,
  })
  await retrieve(root, at('out'), { blocks: store })
  await assertSame(at('large'), at('out'))
})
