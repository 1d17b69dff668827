import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGateway } from '../test-support/start-gateway.ts'

test('health is 503 with what is missing until models and node are ready', async () => {
  const models = Promise.withResolvers<void>()
  const health = { ready: true, missing: [], height: 9, contracts: { credit: '0x51' as const } }
  await using gateway = await startGateway({ modelsReady: models.promise, health })
  const before = await fetch(`${gateway.url}/health`)
  assert.equal(before.status, 503)
  assert.deepEqual(await before.json(), {
    status: 'starting',
    missing: ['models: starting'],
    height: 9,
    contracts: { credit: '0x51' },
    models: [],
  })
  models.resolve()
  const after = await fetch(`${gateway.url}/health`)
  assert.equal(after.status, 200)
  const body = (await after.json()) as { models: string[] }
  assert.deepEqual(body.models, ['embedder', 'talker', 'doubler'])
})

test('metrics count requests, units and charges', async () => {
  await using gateway = await startGateway({ price: 2n })
  const paid = { 'payment-signature': 'paid' }
  await gateway.post('/v1/embeddings', { model: 'embedder', input: 'one two' }, paid)
  await gateway.post('/v1/embeddings', { model: 'nobody', input: 'one two' })
  const answer = await fetch(`${gateway.url}/metrics`)
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/)
  const text = await answer.text()
  const count = 'quoin_gateway_request_seconds_count{route="/v1/embeddings",method="POST"'
  assert.ok(text.includes(`${count},status="200"} 1`), text)
  assert.ok(text.includes(`${count},status="404"} 1`))
  assert.ok(text.includes('quoin_gateway_units_total{model="embedder",direction="in"} 2'))
  assert.ok(text.includes('quoin_gateway_charged_atomic_total{model="embedder"} 4'))
  assert.ok(text.includes('quoin_gateway_calls_running 0'))
})

test("one scrape has the node's metrics beside the gateway's, asked for anew each time", async () => {
  const height = { text: 'quoin_chain_height 7\n' }
  await using gateway = await startGateway({ moreMetrics: async () => height.text })
  const scrape = async () => (await fetch(`${gateway.url}/metrics`)).text()
  for (const line of ['quoin_chain_height 7', 'quoin_gateway_calls_running 0'])
    assert.ok((await scrape()).split('\n').includes(line), line)
  height.text = 'quoin_chain_height 8\n'
  assert.match(await scrape(), /^quoin_chain_height 8$/m)
})

test('the front page is whole without scripts from elsewhere', async () => {
  await using gateway = await startGateway({ price: 1n })
  const answer = await fetch(gateway.url)
  const html = await answer.text()
  assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
  for (const part of ['embedder', '1 QCR', '31402', 'npx quoin demo', 'id="height">5<'])
    assert.ok(html.includes(part), part)
})

test('info names the chain and the provider', async () => {
  await using gateway = await startGateway()
  const info = (await (await fetch(`${gateway.url}/quoin/info`)).json()) as { chainId: number }
  assert.equal(info.chainId, 31402)
})

test('receipts are found by id and in lists; what is not there is 404', async () => {
  await using gateway = await startGateway({ price: 2n })
  const paid = { 'payment-signature': 'paid' }
  await gateway.post('/v1/embeddings', { model: 'embedder', input: 'one two' }, paid)
  const read = async (path: string) => fetch(`${gateway.url}/quoin/receipts${path}`)
  const { receipts } = (await (await read('?limit=5')).json()) as { receipts: { id: string }[] }
  const id = receipts[0]?.id ?? ''
  const one = (await (await read(`/${id}`)).json()) as { receipt: { amount: string } }
  assert.equal(one.receipt.amount, '4')
  assert.equal((await read(`/${id}/proof`)).status, 404)
  assert.equal((await read(`/0x${'0'.repeat(64)}`)).status, 404)
  assert.equal((await read('/0x12')).status, 400)
  assert.equal((await read('?limit=0')).status, 400)
})
