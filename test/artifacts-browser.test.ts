import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  answerChallenge,
  createContentKey,
  createMemoryStore,
  encryptStream,
  importBytes,
  sealContentKey,
} from '@quoin/artifacts'
import { launchChromium } from '@quoin/testing'
import { hexToBytes } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { serveModules } from './browser-modules.ts'

/** Bytes are in base64. */
type Task = {
  root: string
  blocks: Record<string, string>
  envelope: object
  privateKey: string
  seed: string
  answer: string[]
}

/**
 * Runs in the page: fetches blocks, opens the envelope, decrypts the end of the file, and checks a store's
 * answer. The modules are loaded one by one, for the library for archives needs a bundler.
 */
async function workInPage(task: Task) {
  const load = (path: string) => import(`/packages/artifacts/src/${path}`)
  const bytes = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  const { parseCid } = await load('dag/cid.ts')
  const { createMemoryStore } = await load('store/memory-store.ts')
  const { fetchDag } = await load('fetching/fetch-dag.ts')
  const { openContentKey } = await load('encryption/key-envelope.ts')
  const { openEncryptedFile } = await load('encryption/encrypted-file.ts')
  const { verifyAnswer } = await load('proof/verify-answer.ts')
  const root = parseCid(task.root)
  const store = createMemoryStore()
  const getBlock = async (cid: object) => bytes(task.blocks[String(cid)] ?? '')
  await fetchDag(root, { store, sources: [{ name: 'node', getBlock }] })
  const privateKey = bytes(task.privateKey)
  const contentKey = await openContentKey(task.envelope, { root, privateKey })
  const file = await openEncryptedFile(root, store, { contentKey })
  const end: number[] = []
  for await (const piece of file.read({ range: { start: file.sizeBytes - 10 } })) end.push(...piece)
  const challenge = { root, seed: bytes(task.seed), count: 5 }
  const { blocks } = await verifyAnswer(challenge, task.answer.map(bytes))
  const forged = task.answer.toReversed().map(bytes)
  const refusal = await verifyAnswer(challenge, forged).catch((error: Error) => error)
  return { sizeBytes: file.sizeBytes, end, blocks, refusal: refusal.code }
}

test('a browser fetches, decrypts and checks what a node published', {
  timeout: 120_000,
}, async () => {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const plaintext = Uint8Array.from({ length: 2_500_000 }, (_, i) => i % 251)
  const contentKey = createContentKey()
  const store = createMemoryStore()
  const blocks: Task['blocks'] = {}
  const { cid: root } = await importBytes(encryptStream([plaintext], contentKey), {
    async write(block) {
      blocks[block.cid.toString()] = base64(block.bytes)
      await store.put(block)
    },
  })
  const privateKey = generatePrivateKey()
  const recipient = hexToBytes(privateKeyToAccount(privateKey).publicKey)
  const seed = new Uint8Array(32).fill(9)
  const answer = await Array.fromAsync(answerChallenge({ root, seed, count: 5 }, store))
  assert.ok(answer.length > 2)
  const task: Task = {
    root: root.toString(),
    blocks,
    envelope: await sealContentKey({ root, contentKey, recipient }),
    privateKey: base64(hexToBytes(privateKey)),
    seed: base64(seed),
    answer: answer.map(base64),
  }
  await using modules = await serveModules()
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    await page.goto(modules.url)
    assert.deepEqual(await page.evaluate(workInPage, task), {
      sizeBytes: plaintext.length,
      end: [...plaintext.subarray(-10)],
      blocks: answer.length,
      refusal: 'INVALID_PROOF',
    })
  } finally {
    await browser.close()
  }
})
