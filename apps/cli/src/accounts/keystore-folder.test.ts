import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createPrivateKey } from '@quoin/keys'
import { Wallet } from 'ethers'
import { KeystoreFolder } from './keystore-folder.ts'

async function openFolder(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-accounts-'))
  t.after(() => rm(folder, { recursive: true }))
  return new KeystoreFolder(join(folder, 'keystore'), { scryptN: 1 << 10 })
}

test('a new account is a private file that ethers opens too', async (t) => {
  const accounts = await openFolder(t)
  const key = createPrivateKey()
  const entry = await accounts.add('alice', key, 'secret')
  assert.equal((await stat(entry.path)).mode & 0o077, 0)
  const wallet = await Wallet.fromEncryptedJson(await readFile(entry.path, 'utf8'), 'secret')
  assert.equal(wallet.address.toLowerCase(), entry.address)
  assert.deepEqual(await accounts.open(entry, 'secret'), key)
  assert.deepEqual(await accounts.list(), [entry])
})

test('an account is found by name and by address in any case', async (t) => {
  const accounts = await openFolder(t)
  const entry = await accounts.add('alice', createPrivateKey(), 'secret')
  assert.deepEqual(await accounts.find('alice'), entry)
  assert.deepEqual(await accounts.find(entry.address.toUpperCase().replace('0X', '0x')), entry)
  await assert.rejects(accounts.find('bob'), { code: 'ACCOUNT_UNKNOWN' })
})

test('a name or key that exists, a name that is a path and a wrong password are refused', async (t) => {
  const accounts = await openFolder(t)
  const key = createPrivateKey()
  const entry = await accounts.add('alice', key, 'secret')
  await assert.rejects(accounts.add('alice', createPrivateKey(), 'x'), { code: 'ACCOUNT_EXISTS' })
  await assert.rejects(accounts.add('bob', key, 'x'), { code: 'ACCOUNT_EXISTS' })
  await assert.rejects(accounts.add('../bob', createPrivateKey(), 'x'), { code: 'USAGE' })
  await assert.rejects(accounts.open(entry, 'guess'), { code: 'WRONG_PASSWORD', message: /alice/ })
})
