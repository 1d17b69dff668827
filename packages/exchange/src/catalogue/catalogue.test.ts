import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCatalogue } from './catalogue.ts'
import type { ArtifactRecord } from './record.ts'
import { createVault } from './vault.ts'

const cid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const vault = createVault(new Uint8Array(32).fill(7))
const contentKey = new Uint8Array(32).fill(0xc5)
const record: ArtifactRecord = {
  ...{ format: 'quoin/artifact-record/1', cid, name: 'a', kind: 'data-set', mediaType: null },
  ...{ packing: 'none', isEncrypted: true, access: 'licensed', sizeBytes: 1, storedBytes: 1 },
  ...{ columns: null, terms: '', version: 1, replaces: null, commitment: null, role: 'owner' },
  ...{ origin: null, source: null, createdAt: '2026-01-01T00:00:00.000Z' },
  ...{ transaction: null, block: 0 },
}

async function folderOf(t: { after(run: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-catalogue-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('records and sealed keys come back, private and unreadable without the node’s key', async (t) => {
  const folder = await folderOf(t)
  await (await openCatalogue(folder, vault)).put(record, contentKey)
  const again = await openCatalogue(folder, vault)
  assert.deepEqual(again.list(), [record])
  assert.deepEqual(await again.contentKey(cid), contentKey)
  assert.equal(await again.contentKey('other'), null)
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    assert.equal((await stat(path)).mode & 0o077, 0, name)
    const bytes = await readFile(path)
    assert.ok(!bytes.includes(Buffer.from(contentKey)) && !bytes.includes('c5'.repeat(32)))
  }
  const stranger = createVault(new Uint8Array(32).fill(8))
  const other = await openCatalogue(folder, stranger)
  await assert.rejects(other.contentKey(cid), { code: 'CATALOGUE_BROKEN' })
})

test('a sealed key does not open for another artifact, nor changed', async () => {
  const sealed = vault.seal(contentKey, cid)
  assert.throws(() => vault.open(sealed, `${cid}x`), { code: 'CATALOGUE_BROKEN' })
  const changed = sealed.replace(/(.)"}$/, (_, digit) => `${digit === '0' ? '1' : '0'}"}`)
  assert.throws(() => vault.open(changed, cid), { code: 'CATALOGUE_BROKEN' })
  assert.throws(() => vault.open('{', cid), { code: 'CATALOGUE_BROKEN' })
})

test('a record that is broken is named, and what a dead writer left is passed over', async (t) => {
  const folder = await folderOf(t)
  await (await openCatalogue(folder, vault)).put(record, contentKey)
  await writeFile(join(folder, '.0.new'), '{"format":')
  assert.equal((await openCatalogue(folder, vault)).list().length, 1)
  const path = join(folder, `${cid}.json`)
  await writeFile(path, (await readFile(path)).subarray(0, 40))
  await assert.rejects(openCatalogue(folder, vault), {
    code: 'CATALOGUE_BROKEN',
    message: new RegExp(`${cid}.json is no record`),
  })
})
