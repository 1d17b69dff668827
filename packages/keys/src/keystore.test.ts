import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesToHex } from '@quoin/kernel'
import { encryptKeystoreJsonSync, Wallet } from 'ethers'
import { decryptKeystore, encryptKeystore } from './keystore.ts'
import { createPrivateKey } from './secp256k1.ts'

test('a key survives encryption, and ethers opens the same file', async () => {
  const key = createPrivateKey()
  const keystore = await encryptKeystore(key, 'pass phrase', { n: 1024 })
  assert.deepEqual(await decryptKeystore(JSON.parse(JSON.stringify(keystore)), 'pass phrase'), key)
  const wallet = await Wallet.fromEncryptedJson(JSON.stringify(keystore), 'pass phrase')
  assert.equal(wallet.privateKey, bytesToHex(key))
  assert.ok(!JSON.stringify(keystore).includes(bytesToHex(key).slice(2)))
})

test('a keystore that ethers wrote opens here', async () => {
  const wallet = new Wallet(Wallet.createRandom().privateKey)
  const options = { scrypt: { N: 1024 } }
  const json = JSON.parse(encryptKeystoreJsonSync(wallet, 'x', options))
  assert.equal(bytesToHex(await decryptKeystore(json, 'x')), wallet.privateKey)
})

test('a wrong password and another format are told apart', async () => {
  const keystore = await encryptKeystore(createPrivateKey(), 'right', { n: 1024 })
  await assert.rejects(decryptKeystore(keystore, 'wrong'), { code: 'WRONG_PASSWORD' })
  await assert.rejects(decryptKeystore({ version: 1 }, 'right'), { code: 'INVALID_KEYSTORE' })
})
