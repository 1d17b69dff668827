import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readFile } from '../reading/read-file.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { collect, concat, keystream } from '../test-support/known-bytes.ts'
import { referenceCid } from '../test-support/reference.ts'
import { importBytes } from './import-bytes.ts'

const mebibyte = 1_048_576
const discard = { write: async () => {} }

/** CIDs from Kubo's own tests of the profile unixfs-v1-2025 (test/cli/cid_profiles_test.go, ipfs/kubo). */
const kuboVectors = [
  ['hello world', 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'],
  [mebibyte, 'bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta'],
  [mebibyte + 1, 'bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64'],
] as const

test('files get the CIDs that Kubo gives them', async () => {
  for (const [content, cid] of kuboVectors) {
    const pieces =
      typeof content === 'string'
        ? [new TextEncoder().encode(content)]
        : keystream(content, 'chunk-v1-seed')
    assert.equal((await importBytes(pieces, discard)).cid.toString(), cid)
  }
})

test('a full node of 1024 leaves is the root, and one byte more adds a level, as in Kubo', async () => {
  const seed = 'v1-2025-seed'
  const full = await importBytes(keystream(1024 * mebibyte, seed, mebibyte), discard)
  assert.equal(full.cid.toString(), 'bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm')
  const over = await importBytes(keystream(1024 * mebibyte + 1, seed, mebibyte), discard)
  assert.equal(over.cid.toString(), 'bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe')
})

test('an empty file is the empty raw block', async () => {
  const { cid } = await importBytes([], discard)
  assert.equal(cid.toString(), 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
})

test('every file has the CID that ipfs-unixfs-importer gives, and reads back as it was', async () => {
  for (const size of [1, 1000, mebibyte - 1, 2 * mebibyte, 3 * mebibyte + 17]) {
    const bytes = concat(keystream(size, `reference ${size}`))
    const store = createMemoryStore()
    const { cid } = await importBytes([bytes], { write: store.put })
    assert.equal(cid.toString(), await referenceCid([{ content: bytes }]))
    assert.deepEqual(await collect(readFile(cid, store)), bytes)
  }
})

test('the CID does not depend on how the stream was split', async () => {
  const bytes = concat(keystream(3 * mebibyte + 5, 'split'))
  const whole = await importBytes([bytes], discard)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 20 }),
      async (cuts) => {
        const bounds = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        const pieces = bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end))
        assert.ok((await importBytes(pieces, discard)).cid.equals(whole.cid))
      },
    ),
    { numRuns: 25 },
  )
})
