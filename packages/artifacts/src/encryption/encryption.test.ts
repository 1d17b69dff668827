import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile as readDisk } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { importBytes } from '../importing/import-bytes.ts'
import { readFile } from '../reading/read-file.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { collect, concat, keystream } from '../test-support/known-bytes.ts'
import { encryptStream } from './encrypt-stream.ts'
import { decryptStream, openEncryptedFile } from './encrypted-file.ts'
import { createContentKey } from './key-envelope.ts'
import { encryptedSize, segmentBytes } from './segments.ts'

/** Made by Tink 1.x for Python (AesGcmHkdfStreaming, 64 KiB segments, SHA256, 32-byte derived key). */
const tinkKey = new Uint8Array(createHash('sha256').update('tink').digest())
const tinkVectors: [plaintext: string, ciphertext: string][] = [
  [
    '',
    '283077c3914e8db430025769fc4ef9e0cfcc44e8a7b333e837d89dbcded6f0e2767f9d97d24e8630aaa0db71ca52167d193cf8730ba82c4a',
  ],
  [
    'hello tink',
    '28237891462970ef71e373ca5ff92cde0da849277c5583ca7092a8af9f686e7e206d1273af7825a27c09a3b1fc7284a9f53eb45ac7a9728bf8d68080d311bd501fe0',
  ],
]

async function* streamOf(bytes: Uint8Array, size = 30_000) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const seal = (bytes: Uint8Array, key: Uint8Array) => collect(encryptStream([bytes], key))
const open = (bytes: Uint8Array, key: Uint8Array) => collect(decryptStream(streamOf(bytes), key))

async function published(bytes: Uint8Array) {
  const contentKey = createContentKey()
  const store = createMemoryStore()
  const { cid } = await importBytes(encryptStream([bytes], contentKey), { write: store.put })
  return { contentKey, store, cid }
}

test('what Tink encrypted is opened', async () => {
  for (const [plaintext, ciphertext] of tinkVectors) {
    const opened = await open(new Uint8Array(Buffer.from(ciphertext, 'hex')), tinkKey)
    assert.equal(Buffer.from(opened).toString(), plaintext)
  }
  const path = join(import.meta.dirname, 'fixtures', 'tink-70000.bin')
  const opened = await open(new Uint8Array(await readDisk(path)), tinkKey)
  assert.deepEqual(
    opened,
    Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 251),
  )
})

test('any bytes, split anyhow, come back, and the ciphertext has the size that was foretold', async () => {
  const key = createContentKey()
  const pieces = fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(pieces, async (sizes) => {
      const parts = sizes.map((size, i) => concat(keystream(size, `part ${i}`)))
      const ciphertext = await collect(encryptStream(parts, key))
      const plaintext = concat(parts)
      assert.equal(ciphertext.length, encryptedSize(plaintext.length))
      assert.deepEqual(await open(ciphertext, key), plaintext)
    }),
    { numRuns: 40 },
  )
})

test('sizes round a segment’s end come back', async () => {
  const key = createContentKey()
  for (const size of [0, 1, 65_479, 65_480, 65_481, 130_999, 131_000, 131_001, 1_048_280])
    assert.deepEqual(
      await open(await seal(concat(keystream(size, 'edge')), key), key),
      concat(keystream(size, 'edge')),
    )
})

test('any byte changed, segment moved or end cut off is found and its segment named', async () => {
  const key = createContentKey()
  const ciphertext = await seal(concat(keystream(200_000, 'tamper')), key)
  const segments = Array.from({ length: 4 }, (_, i) =>
    ciphertext.slice(i * segmentBytes, (i + 1) * segmentBytes),
  )
  const [a, b, c, d] = segments as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const other = await seal(concat(keystream(200_000, 'tamper')), key)
  const forgeries = [
    [a, c, b, d],
    [a, b, d],
    [a, b, c],
    [a],
    [a, b, c, d, d],
    [a, b, c, other.slice(3 * segmentBytes)],
    [a, b, c, d.slice(0, -1)],
    [a.slice(0, 20)],
    [],
  ]
  for (const forged of forgeries)
    await assert.rejects(open(concat(forged), key), { code: 'DECRYPTION_FAILED' })
  await fc.assert(
    fc.asyncProperty(
      fc.nat(ciphertext.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, mask) => {
        const forged = ciphertext.slice()
        forged[at] = (forged[at] ?? 0) ^ mask
        await assert.rejects(open(forged, key), (error: Error & { code?: string }) => {
          const named = new RegExp(`Segment ${at < 40 ? 0 : Math.floor(at / segmentBytes)} |header`)
          return error.code === 'DECRYPTION_FAILED' && named.test(error.message)
        })
      },
    ),
    { numRuns: 60 },
  )
})

test('any range of an encrypted artifact is read alone', async () => {
  const plaintext = concat(keystream(2_300_000, 'ranges'))
  const { contentKey, store, cid } = await published(plaintext)
  const file = await openEncryptedFile(cid, store, { contentKey })
  assert.equal(file.sizeBytes, plaintext.length)
  assert.deepEqual(await collect(file.read()), plaintext)
  await fc.assert(
    fc.asyncProperty(fc.nat(plaintext.length), fc.nat(plaintext.length), async (one, two) => {
      const range = { start: Math.min(one, two), end: Math.max(one, two) }
      assert.deepEqual(await collect(file.read({ range })), plaintext.slice(range.start, range.end))
    }),
    { numRuns: 30 },
  )
  const [first] = await Array.fromAsync(store.list())
  assert.ok(first)
  for (const range of [
    { start: -1 },
    { start: 5, end: 4 },
    { start: 0, end: 2_300_001 },
    { start: 0.5 },
  ])
    assert.throws(() => file.read({ range }), { code: 'INVALID_RANGE' })
})

test('a range is read though all other blocks are lost', async () => {
  const plaintext = concat(keystream(4_000_000, 'lost'))
  const { contentKey, store, cid } = await published(plaintext)
  const file = await openEncryptedFile(cid, store, { contentKey })
  const blocks = await Array.fromAsync(store.list())
  const last = blocks.findLast((block) => block.sizeBytes < 1_048_576 && block.cid.code === 0x55)
  for (const { cid: each } of blocks)
    if (!each.equals(cid) && !(last && each.equals(last.cid))) await store.delete(each)
  const range = { start: 3_900_000, end: 3_900_100 }
  assert.deepEqual(await collect(file.read({ range })), plaintext.slice(3_900_000, 3_900_100))
  await assert.rejects(collect(file.read()), { code: 'BLOCK_MISSING' })
})

test('another key opens nothing, and what is not encrypted is told apart', async () => {
  const { store, cid } = await published(new Uint8Array(1000))
  const file = await openEncryptedFile(cid, store, { contentKey: createContentKey() })
  await assert.rejects(collect(file.read()), { code: 'DECRYPTION_FAILED' })
  const plain = await importBytes([new Uint8Array(1000)], { write: store.put })
  await assert.rejects(openEncryptedFile(plain.cid, store, { contentKey: createContentKey() }), {
    code: 'DECRYPTION_FAILED',
    message: /not encrypted|no encrypted/,
  })
  await assert.rejects(openEncryptedFile(cid, store, { contentKey: new Uint8Array(16) }), {
    code: 'INVALID_KEY',
  })
})

test('the same bytes under the same key are never the same ciphertext, and show nothing of the plaintext', async () => {
  const key = createContentKey()
  const plaintext = new Uint8Array(300_000).fill(65)
  const [one, two] = [await seal(plaintext, key), await seal(plaintext, key)]
  assert.notDeepEqual(one.subarray(40, 200), two.subarray(40, 200))
  assert.equal(Buffer.from(one).includes('AAAAAAAA'), false)
  const { store, cid } = await published(plaintext)
  assert.equal(Buffer.from(await collect(readFile(cid, store))).includes('AAAAAAAA'), false)
})
