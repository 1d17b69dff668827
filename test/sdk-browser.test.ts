import assert from 'node:assert/strict'
import { test } from 'node:test'
import { launchChromium } from '@quoin/testing'
import { serveModules } from './browser-modules.ts'
import { chainId, startPaidNode } from './paid-node.ts'

/** Runs in the page: pays for a call, streamed or not, and verifies its receipt against the chain. */
async function payInPage(options: { gateway: string; rpcUrl: string; chainId: number }) {
  const load = (path: string) => import(path)
  const sdk = await load('/packages/sdk/src/index.ts')
  const { privateKeyToAccount } = await load('/node_modules/viem/_esm/accounts/index.js')
  const account = privateKeyToAccount(
    '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  )
  const receipts: object[] = []
  const chain = sdk.connectChain({ rpcUrl: options.rpcUrl, chainId: options.chainId, account })
  const pay = sdk.payingFetch(account, {
    cap: 1_000_000n,
    expiry: new Date(Date.now() + 3_600_000),
    chain,
    onReceipt: (receipt: object) => receipts.push(receipt),
  })
  const post = (path: string, body: object): Promise<Response> =>
    pay(options.gateway + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const whole = await post('/v1/embeddings', { model: 'use-lite', input: 'from a page' })
  await whole.json()
  const messages = [{ role: 'user', content: 'The whale' }]
  const request = { model: 'tiny-lm', messages, max_completion_tokens: 8, stream: true }
  const stream = await (await post('/v1/chat/completions', request)).text()
  const { rpcUrl, chainId } = options
  const response = { stream }
  const verification = await sdk.verifyReceipt(receipts[1], { rpcUrl, chainId, request, response })
  return {
    count: receipts.length,
    checks: verification.checks as { check: string; outcome: string }[],
  }
}

test('the SDK pays and verifies in a browser', { timeout: 120_000 }, async () => {
  await using node = await startPaidNode({ payers: 1 })
  await using modules = await serveModules()
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    await page.goto(modules.url)
    const { url: gateway, rpcUrl } = node
    const { count, checks } = await page.evaluate(payInPage, { gateway, rpcUrl, chainId })
    assert.equal(count, 2)
    const outcomes = Object.fromEntries(checks.map(({ check, outcome }) => [check, outcome]))
    for (const check of ['id', 'signature', 'model', 'request', 'response'])
      assert.equal(outcomes[check], 'passed', check)
  } finally {
    await browser.close()
  }
})
