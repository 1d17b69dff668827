import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createContentKey, openContentKey, parseCid, sealContentKey } from '@quoin/artifacts'
import { createPrivateKey, privateKeyToPublicKey } from '@quoin/keys'
import { licenceKeyOf, recipientOf } from './licence-key.ts'

const root = parseCid('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')

test('what is sealed to the 32 bytes on the chain opens with the account’s key, whichever its parity', async () => {
  const parities = new Set<number>()
  for (let i = 0; i < 32; i++) {
    const accountKey = createPrivateKey()
    parities.add((privateKeyToPublicKey(accountKey)[64] ?? 0) & 1)
    const { publicKey, privateKey } = licenceKeyOf(accountKey)
    const contentKey = createContentKey()
    const recipient = recipientOf(publicKey)
    const envelope = await sealContentKey({ root, contentKey, recipient })
    assert.ok(JSON.stringify(envelope).length <= 1024, 'what the contract takes')
    assert.deepEqual(await openContentKey(envelope, { root, privateKey }), contentKey)
  }
  assert.equal(parities.size, 2)
})
