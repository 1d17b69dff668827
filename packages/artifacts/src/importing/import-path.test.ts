import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { exporter, recursive } from 'ipfs-unixfs-exporter'
import { CID } from 'multiformats/cid'
import { buildDirectory } from '../dag/directory.ts'
import { exportPath } from '../reading/export-path.ts'
import { listDirectory, resolvePath } from '../reading/list-directory.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { collect, concat, keystream } from '../test-support/known-bytes.ts'
import { referenceCid } from '../test-support/reference.ts'
import { temporaryFolder } from '../test-support/temporary-folder.ts'
import { importBytes } from './import-bytes.ts'
import { importPath } from './import-path.ts'

const text = (value: string) => new TextEncoder().encode(value)

async function sampleFolder(path: string): Promise<void> {
  await mkdir(join(path, 'a', 'deep', 'empty'), { recursive: true })
  await writeFile(join(path, 'b.txt'), 'b')
  await writeFile(join(path, 'a', 'ä.csv'), 'x,y\n1,2\n')
  await writeFile(join(path, 'a', 'deep', 'big'), concat(keystream(2_500_000, 'big')))
  await writeFile(join(path, '.hidden'), 'h')
  await symlink('../b.txt', join(path, 'a', 'link'))
}

/** Kubo's own fixtures for the threshold (test/cli/cid_profiles_test.go): 4766 files of one byte. */
function kuboNames(lastNameLength: number): string[] {
  const letters = 'abcdefghijklmnopqrstuvwxyz01234567890-_'
  const random = concat(keystream(1_048_576, 'hamt-unixfs-v1-2025'))
  let at = 0
  return Array.from({ length: 4766 }, (_, i) => {
    const length = i === 4765 ? lastNameLength : 11
    const name = [...random.subarray(at, at + length)].map((byte) => letters[byte % letters.length])
    at += length
    return name.join('')
  })
}

test('a folder has the CID that ipfs-unixfs-importer gives it', async () => {
  await using folder = await temporaryFolder()
  await sampleFolder(folder.path)
  const { cid } = await importPath(folder.path, { write: createMemoryStore().put })
  const expected = await referenceCid([
    { path: 'root/a/deep/big', content: concat(keystream(2_500_000, 'big')) },
    { path: 'root/a/deep/empty' },
    { path: 'root/a/link', link: '../b.txt' },
    { path: 'root/a/ä.csv', content: text('x,y\n1,2\n') },
    { path: 'root/b.txt', content: text('b') },
  ])
  assert.equal(cid.toString(), expected)
})

test('an empty folder has its well-known CID', async () => {
  await using folder = await temporaryFolder()
  const { cid } = await importPath(folder.path, { write: createMemoryStore().put })
  assert.equal(cid.toString(), 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
})

test('a folder is sharded just beyond the threshold, with the CIDs that Kubo gives', async () => {
  const vectors = [
    [21, 'bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4'],
    [22, 'bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu'],
  ] as const
  for (const [lastNameLength, expected] of vectors) {
    const store = createMemoryStore()
    const names = kuboNames(lastNameLength)
    const leaf = await importBytes([text('x')], { write: store.put })
    const { cid } = await buildDirectory(
      names.map((name) => ({ ...leaf, name })),
      store.put,
    )
    assert.equal(cid.toString(), expected)
    const listed = await Array.fromAsync(listDirectory(cid, store), (entry) => entry.name)
    assert.deepEqual(listed.toSorted(), names.toSorted())
  }
})

test('another IPFS library reads what was published', async () => {
  await using folder = await temporaryFolder()
  await sampleFolder(folder.path)
  const store = createMemoryStore()
  const { cid } = await importPath(folder.path, { write: store.put })
  const blocks = {
    async *get(wanted: CID) {
      yield await store.get(CID.parse(wanted.toString()))
    },
  }
  const found = new Map<string, string>()
  for await (const { path, cid: at } of recursive(cid, blocks as never)) {
    const entry = await exporter(at, blocks as never)
    if (entry.type === 'file' || entry.type === 'raw')
      found.set(
        path.split('/').slice(1).join('/'),
        Buffer.from(await collect(entry.content())).toString(),
      )
  }
  assert.equal(found.get('b.txt'), 'b')
  assert.equal(found.get('a/ä.csv'), 'x,y\n1,2\n')
  assert.equal(
    found.get('a/deep/big')?.length,
    Buffer.from(concat(keystream(2_500_000, 'big'))).toString().length,
  )
})

test('a folder comes back from its CID as it was, without what was hidden', async () => {
  await using folder = await temporaryFolder()
  await mkdir(join(folder.path, 'in'))
  await sampleFolder(join(folder.path, 'in'))
  const store = createMemoryStore()
  const { cid } = await importPath(join(folder.path, 'in'), { write: store.put })
  const out = join(folder.path, 'out')
  await exportPath(cid, out, { blocks: store })
  assert.equal(await readlink(join(out, 'a', 'link')), '../b.txt')
  assert.deepEqual(
    new Uint8Array(await readFile(join(out, 'a', 'deep', 'big'))),
    concat(keystream(2_500_000, 'big')),
  )
  await assert.rejects(readFile(join(out, '.hidden')), { code: 'ENOENT' })
  const again = await importPath(out, { write: store.put, includeHidden: true })
  assert.ok(again.cid.equals(cid))
  assert.ok((await resolvePath(cid, 'a/deep/empty', store)).toString().startsWith('bafy'))
  await assert.rejects(resolvePath(cid, 'a/none', store), { code: 'PATH_NOT_FOUND' })
})

test('a folder that would write outside its place is refused and nothing is left', async () => {
  await using folder = await temporaryFolder()
  const store = createMemoryStore()
  const leaf = await importBytes([text('x')], { write: store.put })
  for (const name of ['..', '../x', 'a/b', '', '.', 'a\\b']) {
    const { cid } = await buildDirectory([{ ...leaf, name }], store.put)
    await assert.rejects(exportPath(cid, join(folder.path, 'out'), { blocks: store }), {
      code: 'INVALID_NODE',
    })
  }
  const twice = await buildDirectory(
    [
      { ...leaf, name: 'a' },
      { ...leaf, name: 'a' },
    ],
    store.put,
  )
  await assert.rejects(exportPath(twice.cid, join(folder.path, 'out'), { blocks: store }), {
    code: 'INVALID_NODE',
  })
  await mkdir(join(folder.path, 'evil'))
  await symlink('/etc/passwd', join(folder.path, 'evil', 'link'))
  const evil = await importPath(join(folder.path, 'evil'), { write: store.put })
  await assert.rejects(exportPath(evil.cid, join(folder.path, 'out'), { blocks: store }), {
    code: 'INVALID_NODE',
  })
  assert.deepEqual(execFileSync('ls', ['-A', folder.path]).toString(), 'evil\n')
})

test('what cannot be published is named', async () => {
  await using folder = await temporaryFolder()
  const { write } = { write: createMemoryStore().put }
  await assert.rejects(importPath(join(folder.path, 'none'), { write }), {
    code: 'SOURCE_UNREADABLE',
  })
  execFileSync('mkfifo', [join(folder.path, 'pipe')])
  await assert.rejects(importPath(folder.path, { write }), {
    code: 'SOURCE_UNREADABLE',
    message: /pipe/,
  })
})

test('a file that grows while it is read is refused', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'log')
  await writeFile(path, new Uint8Array(30_000_000))
  let writes = 0
  const write = async () => {
    if (writes++ === 0) await appendFile(path, 'more')
  }
  await assert.rejects(importPath(path, { write }), { code: 'SOURCE_CHANGED' })
})

test('an import that is cancelled stops with the reason of its signal', async () => {
  const controller = new AbortController()
  const write = async () => controller.abort(new Error('enough'))
  const endless = (function* () {
    for (;;) yield new Uint8Array(100_000)
  })()
  await assert.rejects(importBytes(endless, { write, signal: controller.signal }), {
    message: 'enough',
  })
})
