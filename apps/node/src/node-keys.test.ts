import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bytesToHex } from '@quoin/kernel'
import { openNodeKeys } from './node-keys.ts'

test('keys made at the first start are found again, encrypted and private', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-keys-'))
  t.after(() => rm(folder, { recursive: true }))
  const first = await openNodeKeys(folder)
  assert.deepEqual(await openNodeKeys(folder), first)
  const file = join(folder, 'keys', 'provider.json')
  assert.ok(!(await readFile(file, 'utf8')).includes(bytesToHex(first.provider).slice(2)))
  assert.equal((await stat(file)).mode & 0o077, 0)
})

test('a wrong password and a damaged file are refused by name', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-keys-'))
  t.after(() => rm(folder, { recursive: true }))
  await openNodeKeys(folder)
  await assert.rejects(openNodeKeys(folder, 'guess'), { code: 'WRONG_PASSWORD' })
  await writeFile(join(folder, 'keys', 'provider.json'), '{"version":')
  await assert.rejects(openNodeKeys(folder), {
    code: 'INVALID_KEYSTORE',
    message: /provider\.json/,
  })
})
