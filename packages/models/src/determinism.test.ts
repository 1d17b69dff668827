import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { launchChromium } from '@quoin/testing'
import type { Browser } from 'playwright-core'
import { embeddedModels } from './catalog/embedded-models.ts'
import { createModelHost } from './host.ts'
import { hashModelAnswers } from './test-support/answers.ts'
import { serveSources } from './test-support/browser-server.ts'

const verifiable = embeddedModels.filter(({ runtime }) => runtime === 'onnx-wasm')
const wasmUrl = `/disk${new URL(import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')).pathname}`
const pageModule = `/disk${new URL('./test-support/browser-answers.ts', import.meta.url).pathname}`

suite('verifiable answers in headless Chromium and in Node', { timeout: 180_000 }, () => {
  const inNode = new Map<string, Record<string, string>>()
  const resources = new AsyncDisposableStack()
  let browser: Browser
  let url: string

  before(async () => {
    await using host = await createModelHost({ models: verifiable, warmUpMs: 0 })
    await Promise.all(
      [...host.models].map(async ([id, model]) => inNode.set(id, await hashModelAnswers(model))),
    )
    url = resources.use(await serveSources()).url
    browser = await launchChromium()
    resources.defer(() => browser.close())
  })
  after(() => resources.disposeAsync())

  for (const { id } of verifiable)
    test(`${id} gives the same bits`, async () => {
      const inBrowser = await answersInPage(browser, url, id)
      assert.deepEqual(inBrowser, inNode.get(id))
      assert.ok(Object.keys(inBrowser).length > 1, 'there must be answers to compare')
    })
})

async function answersInPage(browser: Browser, url: string, id: string) {
  const page = await browser.newPage()
  await page.goto(url)
  const answers = await page.evaluate(
    async ({ module, model, wasm }) => {
      const { hashAnswersInBrowser } = await import(module)
      const hashes: Record<string, string> = await hashAnswersInBrowser(model, wasm)
      return hashes
    },
    { module: pageModule, model: id, wasm: wasmUrl },
  )
  await page.close()
  return answers
}
