import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentId } from './content-id.ts'

const encode = (text: string) => new TextEncoder().encode(text)

test('a content identifier is the one that IPFS gives', async () => {
  assert.equal(
    await contentId(encode('hello world')),
    'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
  )
  assert.equal(
    await contentId(new Uint8Array()),
    'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  )
})

test('views and shared memory have the identifier of their own bytes alone', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(11))
  shared.set(encode('hello world'))
  assert.equal(await contentId(shared), await contentId(encode('hello world')))
  assert.equal(
    await contentId(encode('>hello world<').subarray(1, 12)),
    await contentId(encode('hello world')),
  )
})
