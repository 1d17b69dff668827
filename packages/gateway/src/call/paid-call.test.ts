import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import {
  decodeJsonHeader,
  hashRequest,
  hashResponse,
  hashStream,
  headerNames,
  parseSseData,
  receiptMember,
  SignedReceiptJson,
} from '@quoin/protocol'
import { startGateway, until } from '../test-support/start-gateway.ts'

const paid = { 'payment-signature': 'paid' }
const chat = (own: object = {}) => ({
  model: 'talker',
  messages: [{ role: 'user', content: 'three more words' }],
  max_tokens: 5,
  ...own,
})

/** What an answer says, whether it is one JSON text or a stream of them. */
function valuesOf(text: string): unknown[] {
  const payloads = text.startsWith('{') ? [text] : parseSseData(text)
  return payloads.map((payload) => (payload === '[DONE]' ? payload : JSON.parse(payload)))
}

/** Starts a streamed chat over a plain socket and leaves after the first bytes. */
function readThenLeave(port: number, body: object, headers: Record<string, string>) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const call = request({
    port,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  })
  call.on('error', reject)
  call.on('response', (response) => {
    response.on('error', () => {})
    response.once('data', (bytes: Buffer) => {
      resolve(bytes.toString())
      call.destroy()
    })
  })
  call.end(JSON.stringify(body))
  return promise
}

test('an unpaid call of a priced service gets 402 with the most that it may cost', async () => {
  await using gateway = await startGateway({ price: 10n })
  const answer = await gateway.post('/v1/chat/completions', chat())
  assert.equal(answer.status, 402)
  assert.ok(answer.headers.get(headerNames.paymentRequired))
  assert.equal(gateway.market.calls[0]?.ceilingAtomic, 10n * (3n + 5n))
  assert.match(gateway.market.calls[0]?.resource.url ?? '', /^http:.*\/v1\/chat\/completions$/)
  assert.equal(gateway.generator.made, 0)
})

test('a paid call is charged what it used, and its receipt binds request and response', async () => {
  await using gateway = await startGateway({ price: 10n })
  const body = { input: 'one two three', model: 'embedder' }
  const answer = await gateway.post('/v1/embeddings', body, paid)
  assert.equal(answer.status, 200)
  const bytes = await answer.bytes()
  const header = answer.headers.get(headerNames.receipt) ?? ''
  const { receipt } = SignedReceiptJson.parse(decodeJsonHeader(header))
  assert.equal(receipt.amount, 30n)
  assert.equal(receipt.unitsIn, 3n)
  assert.equal(receipt.requestHash, hashRequest(body))
  assert.equal(receipt.responseHash, hashResponse(bytes))
})

test("a paid stream carries its receipt in the last payload, which binds the others' content", async () => {
  await using gateway = await startGateway({ price: 10n })
  const answer = await gateway.post('/v1/chat/completions', chat({ stream: true }), paid)
  assert.equal(answer.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  assert.equal(answer.headers.get(headerNames.paymentResponse), 'begun')
  const payloads = parseSseData(await answer.text())
  assert.equal(payloads.at(-1), '[DONE]')
  const last: Record<string, unknown> = JSON.parse(payloads.at(-2) ?? '')
  const { receipt } = SignedReceiptJson.parse(last[receiptMember])
  assert.equal(receipt.amount, 80n)
  assert.equal(receipt.responseHash, hashStream(payloads))
})

test('a retry with the same idempotency key gives the same answer and runs nothing', async () => {
  await using gateway = await startGateway({ price: 1n })
  for (const stream of [false, true]) {
    const key = { ...paid, 'idempotency-key': `once ${stream}` }
    const first = await gateway.post('/v1/chat/completions', chat({ stream }), key)
    const text = await first.text()
    const { made } = gateway.generator
    const again = await gateway.post('/v1/chat/completions', chat({ stream }), key)
    assert.deepEqual(valuesOf(await again.text()), valuesOf(text))
    assert.equal(again.headers.get('content-type'), first.headers.get('content-type'))
    assert.equal(gateway.generator.made, made)
  }
  assert.equal(gateway.market.outcomes.length, 2)
})

test('a client that leaves a stream stops the model and is charged for what was made', async () => {
  await using gateway = await startGateway({ price: 1n })
  const { generator, market } = gateway
  const left = Promise.withResolvers<void>()
  generator.beforeToken = async (index) => (index === 3 ? left.promise : undefined)
  await readThenLeave(gateway.port, chat({ stream: true, max_tokens: 1000 }), paid)
  await until(() => market.calls[0]?.signal.aborted === true)
  left.resolve()
  await until(() => market.outcomes.length === 1)
  assert.ok(generator.aborted)
  assert.equal(generator.made, 3)
  assert.equal(market.outcomes[0]?.unitsOut, 3)
  assert.equal(market.outcomes[0]?.amountAtomic, 3n + 3n)
})

test('a client that leaves before a whole answer is charged for what was made too', async () => {
  await using gateway = await startGateway({ price: 1n })
  const { generator, market } = gateway
  const left = Promise.withResolvers<void>()
  generator.beforeToken = async (index) => (index === 2 ? left.promise : undefined)
  const leave = new AbortController()
  const call = fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...paid },
    body: JSON.stringify(chat({ max_tokens: 1000 })),
    signal: leave.signal,
  })
  await until(() => generator.made === 2)
  leave.abort()
  await assert.rejects(call)
  await until(() => market.calls[0]?.signal.aborted === true)
  left.resolve()
  await until(() => market.outcomes.length === 1)
  assert.equal(market.outcomes[0]?.unitsOut, 2)
})

test('a retry of a call that its connection cut short gets a whole answer', async () => {
  await using gateway = await startGateway({ price: 1n })
  const { generator, market } = gateway
  const left = Promise.withResolvers<void>()
  generator.beforeToken = async (index) => (index === 2 ? left.promise : undefined)
  const leave = new AbortController()
  const headers = { 'content-type': 'application/json', ...paid, 'idempotency-key': 'cut' }
  const body = JSON.stringify(chat())
  const url = `${gateway.url}/v1/chat/completions`
  const call = fetch(url, { method: 'POST', headers, body, signal: leave.signal })
  await until(() => generator.made === 2)
  leave.abort()
  await assert.rejects(call)
  await until(() => market.calls[0]?.signal.aborted === true)
  left.resolve()
  await until(() => market.outcomes.length === 1)
  assert.equal(market.outcomes[0]?.isCut, true)
  const again = await fetch(url, { method: 'POST', headers, body })
  const { usage } = (await again.json()) as { usage: { completion_tokens: number } }
  assert.equal(usage.completion_tokens, 5)
})

test('a client that leaves before the first token owes nothing', async () => {
  await using gateway = await startGateway({ price: 1n })
  const { generator, market } = gateway
  for (const stream of [false, true]) {
    const begun = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    generator.beforeToken = () => {
      begun.resolve()
      return left.promise
    }
    const leave = new AbortController()
    const call = fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...paid },
      body: JSON.stringify(chat({ stream })),
      signal: leave.signal,
    })
    await begun.promise
    leave.abort()
    await assert.rejects(call)
    await until(() => market.calls.at(-1)?.signal.aborted === true)
    left.resolve()
    await until(() => market.cancelled.length === (stream ? 2 : 1))
  }
  assert.equal(market.outcomes.length, 0)
})

test('a model that fails costs nothing, before and after the stream has begun', async () => {
  await using gateway = await startGateway({ price: 1n })
  const { generator, market } = gateway
  const fail = (at: number) => async (index: number) => {
    if (index === at) throw new Error('out of memory')
  }
  generator.beforeToken = fail(0)
  const early = await gateway.post('/v1/chat/completions', chat({ stream: true }), paid)
  assert.equal(early.status, 500)
  assert.doesNotMatch(await early.text(), /out of memory/)
  generator.beforeToken = fail(2)
  const late = await gateway.post('/v1/chat/completions', chat({ stream: true }), paid)
  assert.equal(late.status, 200)
  const payloads = parseSseData(await late.text())
  assert.equal(JSON.parse(payloads.at(-1) ?? '').error.code, 'internal_error')
  assert.equal(market.outcomes.length, 0)
  assert.equal(market.cancelled.length, 2)
})

test('an answer that cannot be charged does not leave', async () => {
  await using gateway = await startGateway({ price: 1n })
  gateway.market.beforeFinish = () => Promise.reject(new Error('the disk is full'))
  const whole = await gateway.post('/v1/embeddings', { model: 'embedder', input: 'one' }, paid)
  assert.equal(whole.status, 500)
  assert.equal(whole.headers.get(headerNames.receipt), null)
  const stream = await gateway.post('/v1/chat/completions', chat({ stream: true }), paid)
  const payloads = parseSseData(await stream.text())
  assert.equal(JSON.parse(payloads.at(-1) ?? '').error.code, 'internal_error')
})

test('a call over its time limit ends with 504 and costs nothing', async () => {
  await using gateway = await startGateway({ price: 1n, limits: { callMs: 50 } })
  const { generator, market } = gateway
  generator.beforeToken = () => until(() => market.calls.at(-1)?.signal.aborted === true)
  const answer = await gateway.post('/v1/chat/completions', chat(), paid)
  assert.equal(answer.status, 504)
  assert.equal(market.outcomes.length, 0)
  assert.equal(market.cancelled.length, 1)
})

test('a stop in the middle of a stream says so, and what was sent is charged', async () => {
  await using gateway = await startGateway({ price: 1n, limits: { stopMs: 20 } })
  const { generator, market } = gateway
  generator.beforeToken = async (index) => {
    if (index === 3) await until(() => market.calls[0]?.signal.aborted === true)
  }
  const ask = chat({ stream: true, max_tokens: 1000 })
  const answer = await gateway.post('/v1/chat/completions', ask, paid)
  const [text] = await Promise.all([answer.text(), gateway.gateway.close()])
  const payloads = parseSseData(text)
  assert.equal(JSON.parse(payloads.at(-3) ?? '').error.code, 'stopping')
  assert.ok(receiptMember in JSON.parse(payloads.at(-2) ?? ''))
  assert.equal(market.outcomes[0]?.unitsOut, 3)
})

test('a reader who takes nothing holds the model up, and is cut off in the end', async () => {
  await using gateway = await startGateway({ price: 1n, limits: { stalledReaderMs: 300 } })
  const { generator, market } = gateway
  const call = request({
    port: gateway.port,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { 'content-type': 'application/json', ...paid },
  })
  call.on('error', () => {})
  call.on('response', (response) => response.on('error', () => {}).pause())
  call.end(JSON.stringify(chat({ stream: true, max_tokens: 1_000_000 })))
  await until(() => market.outcomes.length === 1, 20_000)
  assert.ok(generator.made < 500_000, `${generator.made} tokens were made for no reader`)
  assert.equal(market.outcomes[0]?.unitsOut, generator.made)
  call.destroy()
})

test('GET on a paid address tells the terms, and runs no call however it is paid', async () => {
  await using gateway = await startGateway({ price: 1n })
  const url = `${gateway.url}/v1/chat/completions`
  const terms = await fetch(url)
  assert.equal(terms.status, 402)
  assert.ok(terms.headers.get(headerNames.paymentRequired))
  assert.equal((await fetch(url, { headers: paid })).status, 405)
  assert.equal(gateway.market.outcomes.length, 0)
  assert.equal(gateway.market.cancelled.length, 1)
})
