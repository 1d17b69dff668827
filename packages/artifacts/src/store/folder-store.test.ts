import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { parseCid } from '../dag/cid.ts'
import { importBytes } from '../importing/import-bytes.ts'
import { temporaryFolder } from '../test-support/temporary-folder.ts'
import { openFolderStore } from './folder-store.ts'
import { scrub } from './scrub.ts'

const support = join(import.meta.dirname, '..', 'test-support')

test('after kill -9 every acknowledged block is there and none by half', async () => {
  await using folder = await temporaryFolder()
  for (let round = 1; round <= 3; round++) {
    const child = spawn(process.execPath, [join(support, 'put-forever-main.ts'), folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const kept: string[] = []
    for await (const line of createInterface(child.stdout)) {
      kept.push(line)
      if (kept.length === 25 * round) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const store = await openFolderStore(folder.path)
    for (const cid of kept.slice(0, 25 * round))
      assert.equal((await store.get(parseCid(cid))).length, 200_000)
    assert.equal((await scrub(store)).wrongCount, 0)
  }
})

test('temporary files of a process that died are cleared when the store is opened later', async () => {
  await using folder = await temporaryFolder()
  await openFolderStore(folder.path)
  const [old, fresh] = ['old', 'fresh'].map((name) => join(folder.path, 'tmp', name))
  await writeFile(String(old), 'x')
  await writeFile(String(fresh), 'x')
  await utimes(String(old), 1000, 1000)
  await openFolderStore(folder.path)
  assert.deepEqual(await readdir(join(folder.path, 'tmp')), ['fresh'])
})

test('a block that a collector was about to delete when it died is put back', async () => {
  await using folder = await temporaryFolder()
  const store = await openFolderStore(folder.path)
  const { cid } = await importBytes([new Uint8Array(10)], { write: (block) => store.put(block) })
  const name = cid.toString()
  const place = join(folder.path, 'blocks', name.slice(-2, -1), name)
  await rename(place, join(folder.path, 'tmp', `${name}.1.doomed`))
  assert.equal(await store.has(cid), false)
  assert.equal(await (await openFolderStore(folder.path)).has(cid), true)
})

test('a full disk is told as such, and what is in the store stays whole', (t) => {
  const script = 'mount -t tmpfs -o size=6m none "$1" && exec "$2" "$3" "$1"'
  const inNamespace = (args: string[]) =>
    spawnSync('unshare', ['--user', '--map-root-user', '--mount', ...args], { encoding: 'utf8' })
  if (inNamespace(['true']).status !== 0) return t.skip('no user namespaces here')
  const main = join(support, 'fill-store-main.ts')
  const { stdout, stderr } = inNamespace(['sh', '-c', script, 'sh', '/mnt', process.execPath, main])
  assert.ok(stdout, stderr)
  const result = JSON.parse(stdout)
  assert.equal(result.code, 'STORE_FULL')
  assert.match(result.message, /No room left for the store \/mnt/)
  assert.ok(result.blocks >= 2)
  assert.equal(result.wrongCount, 0)
})

test('a folder that cannot be written is told when the store is opened', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), '')
  await assert.rejects(openFolderStore(join(folder.path, 'file')), { code: 'STORE_UNUSABLE' })
})

test('files that are no blocks do not hinder the store', async () => {
  await using folder = await temporaryFolder()
  const store = await openFolderStore(folder.path)
  await writeFile(join(folder.path, 'blocks', 'README'), '')
  await writeFile(join(folder.path, 'blocks', 'a', 'bafyNotACid'), '')
  assert.deepEqual(await Array.fromAsync(store.list()), [])
})

test('a block that the disk does not give back is named, and the others are still scrubbed', async () => {
  await using folder = await temporaryFolder()
  const store = await openFolderStore(folder.path)
  const write = store.put.bind(store)
  const { cid } = await importBytes([new Uint8Array(10)], { write })
  await importBytes([new Uint8Array(20)], { write })
  const name = cid.toString()
  const place = join(folder.path, 'blocks', name.slice(-2, -1), name)
  await rm(place)
  await mkdir(place)
  const { blocks, wrong } = await scrub(store)
  assert.equal(blocks, 2)
  assert.deepEqual(
    wrong.map((error) => error.detail.cid),
    [name],
  )
  assert.equal(await store.delete(cid), true)
  assert.equal((await scrub(store)).wrongCount, 0)
})
