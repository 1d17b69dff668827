import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPrivateKey, encryptKeystore } from '@quoin/keys'
import { quoin } from './test-support/run-quoin.ts'

test("a node whose keys have the operator's password does not start with another", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-password-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  await mkdir(join(dataDir, 'keys'))
  for (const name of ['validator', 'provider']) {
    const keystore = await encryptKeystore(createPrivateKey(), 'right', { n: 1024 })
    await writeFile(join(dataDir, 'keys', `${name}.json`), JSON.stringify(keystore))
  }
  const up = ['up', '--data-dir', dataDir, '--gateway-port', '0', '--rpc-port', '0']
  const { code, stderr } = await quoin(up, { QUOIN_NODE_PASSWORD: 'wrong' })
  assert.equal(code, 4)
  assert.match(stderr, /QUOIN_NODE_PASSWORD/)
  assert.ok(!existsSync(join(dataDir, 'keys', 'password')), 'no password was made beside the keys')
  assert.ok(!existsSync(join(dataDir, 'chain')), 'nothing was begun')
})
