import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToHex } from '@quoin/kernel'
import fc from 'fast-check'
import { parseCid } from '../dag/cid.ts'
import { keySchedule, openBase, p256Suite, sealBase, secp256k1Suite, sharedSecret } from './hpke.ts'
import {
  contentKeyCommitment,
  createContentKey,
  openContentKey,
  parseKeyEnvelope,
  sealContentKey,
} from './key-envelope.ts'

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const root = parseCid('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
const other = parseCid('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')

test('HPKE seals and opens the vector of RFC 9180, appendix A.3.1', async () => {
  const message = {
    info: bytes('4f6465206f6e2061204772656369616e2055726e'),
    aad: bytes('436f756e742d30'),
  }
  const plaintext = bytes('4265617574792069732074727574682c20747275746820626561757479')
  const sealed = await sealBase(p256Suite, {
    ...message,
    plaintext,
    publicKey: bytes(
      '04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0',
    ),
    ephemeral: bytes('4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb'),
  })
  assert.equal(
    Buffer.from(sealed.encapsulated).toString('hex'),
    '04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4',
  )
  assert.equal(
    Buffer.from(sealed.ciphertext).toString('hex'),
    '5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434',
  )
  const privateKey = bytes('f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2')
  assert.deepEqual(await openBase(p256Suite, { ...message, ...sealed, privateKey }), plaintext)
})

test('over secp256k1 with AES-256-GCM it agrees with draft-wahby-cfrg-hpke-kem-secp256k1-01, appendix B', () => {
  const ephemeral = bytes('8979ee752423d020085c75cce1644959f819464a4c1c4e9a28ce4dd482991c1c')
  const privateKey = bytes('024be5fda9036a2d81f8c634193b5ce83e65bfc4373ae8b7a960fea8770d1f8f')
  const publicKey = secp256k1.getPublicKey(privateKey, false)
  assert.equal(
    Buffer.from(publicKey).toString('hex'),
    '040986ec455812ddd870414c2753f75dadaefda155bc7bd18c4ab6ff3dd61b2ea3bee4ab2a0160b8e330757fc6d81d88ece7051bd9a07fa7e5368ea579e2e6c0e6',
  )
  const shared = sharedSecret(secp256k1Suite, {
    dh: secp256k1.getSharedSecret(ephemeral, publicKey, true).slice(1),
    encapsulated: secp256k1.getPublicKey(ephemeral, false),
    publicKey,
  })
  assert.equal(
    Buffer.from(shared).toString('hex'),
    'ad889cd7b11e8881252f8f12539be9f5e36d2b95c96c875fb0e449c711e8bc0d',
  )
  const { key, nonce } = keySchedule(
    secp256k1Suite,
    shared,
    bytes('b546c00cece2e2ff0815eb0f8124fb9028c66e80'),
  )
  assert.equal(
    Buffer.from(key).toString('hex'),
    'da2f3e53e24306c97331e92f564b6c207246e9ab4dea07a472401702d0af5c53',
  )
  assert.equal(Buffer.from(nonce).toString('hex'), 'd4d0dcfeeb6767d808f319e4')
})

test('an account opens what was sealed to its public key, in either encoding', async () => {
  const { secretKey: privateKey } = secp256k1.keygen()
  const contentKey = createContentKey()
  const commitment = contentKeyCommitment(contentKey)
  for (const isCompressed of [true, false]) {
    const recipient = secp256k1.getPublicKey(privateKey, isCompressed)
    const envelope = await sealContentKey({ root, contentKey, recipient })
    const received = JSON.parse(JSON.stringify(envelope))
    assert.ok(JSON.stringify(envelope).length < 1024)
    assert.deepEqual(await openContentKey(received, { root, privateKey, commitment }), contentKey)
  }
})

test('an envelope for someone or something else, changed, or with a wrong key in it is refused', async () => {
  const [mine, theirs] = [secp256k1.keygen(), secp256k1.keygen()]
  const contentKey = createContentKey()
  const envelope = await sealContentKey({ root, contentKey, recipient: mine.publicKey })
  const { secretKey: privateKey } = mine
  const refused = (value: unknown, expected = { root, privateKey }) =>
    assert.rejects(openContentKey(value, expected), { code: 'INVALID_ENVELOPE' })
  await refused(envelope, { root, privateKey: theirs.secretKey })
  await refused(envelope, { root: other, privateKey })
  await refused({ ...envelope, root: other.toString() }, { root: other, privateKey })
  await refused({
    ...envelope,
    encapsulated: bytesToHex(secp256k1.getPublicKey(theirs.secretKey, false)),
  })
  await refused({ ...envelope, encapsulated: `0x04${'11'.repeat(64)}` })
  const commitment = contentKeyCommitment(createContentKey())
  await assert.rejects(openContentKey(envelope, { root, privateKey, commitment }), {
    code: 'INVALID_ENVELOPE',
    message: /not the one that was published/,
  })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 97 }), async (at) => {
      const digit = envelope.sealed[at] === '0' ? '1' : '0'
      const sealed = `${envelope.sealed.slice(0, at)}${digit}${envelope.sealed.slice(at + 1)}`
      await refused({ ...envelope, sealed })
    }),
    { numRuns: 30 },
  )
})

test('values that are no envelopes are refused', () => {
  const values = [null, 1, '', [], {}, { format: 'quoin/key-envelope/1' }]
  for (const value of values)
    assert.throws(() => parseKeyEnvelope(value), { code: 'INVALID_ENVELOPE' })
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.throws(() => parseKeyEnvelope(value), { code: 'INVALID_ENVELOPE' })
    }),
  )
})

test('a recipient that is no point of the curve is refused', async () => {
  const contentKey = createContentKey()
  for (const recipient of [new Uint8Array(0), new Uint8Array(33), new Uint8Array(65).fill(4)])
    await assert.rejects(sealContentKey({ root, contentKey, recipient }), { code: 'INVALID_KEY' })
})
