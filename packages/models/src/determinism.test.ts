import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { before, suite, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { embeddedModels } from './catalog/embedded-models.ts'
import { createModelHost } from './host.ts'
import { hashModelAnswers } from './test-support/answers.ts'
import { serveSources } from './test-support/browser-server.ts'

const verifiable = embeddedModels.filter(({ runtime }) => runtime === 'onnx-wasm')
const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const wasmUrl = `/disk${new URL(import.meta.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')).pathname}`
const pageModule = `/disk${new URL('./test-support/browser-answers.ts', import.meta.url).pathname}`

suite('verifiable answers in headless Chromium and in Node', () => {
  const inNode = new Map<string, Record<string, string>>()

  before(async () => {
    await using host = await createModelHost({ models: verifiable, warmUpMs: 0 })
    await Promise.all(
      [...host.models].map(async ([id, model]) => inNode.set(id, await hashModelAnswers(model))),
    )
  })

  for (const { id } of verifiable)
    test(`${id} gives the same bits`, { timeout: 60_000 }, async () => {
      await using sources = await serveSources()
      const browser = await launchChromium()
      try {
        const inBrowser = await answersInPage(browser, sources.url, id)
        assert.deepEqual(inBrowser, inNode.get(id))
        assert.ok(Object.keys(inBrowser).length > 1, 'there must be answers to compare')
      } finally {
        await browser.close()
      }
    })
})

async function launchChromium(): Promise<Browser> {
  const executablePath = browsers.find((path) => existsSync(path))
  if (executablePath === undefined)
    throw new Error(
      `This test needs Chromium at one of ${browsers.join(', ')}: apt-get install chromium`,
    )
  return chromium.launch({ executablePath, args: flags, headless: true })
}

async function answersInPage(browser: Browser, url: string, id: string) {
  const page = await browser.newPage()
  await page.goto(url)
  return page.evaluate(
    async ({ module, model, wasm }) => {
      const { hashAnswersInBrowser } = await import(module)
      const answers: Record<string, string> = await hashAnswersInBrowser(model, wasm)
      return answers
    },
    { module: pageModule, model: id, wasm: wasmUrl },
  )
}
