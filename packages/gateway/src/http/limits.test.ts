import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createGateway } from '../gateway.ts'
import { operatorToken, startGateway, until } from '../test-support/start-gateway.ts'

const embed = { model: 'embedder', input: 'one' }
const errorOf = async (answer: Response) => ((await answer.json()) as { error: object }).error

test('malformed JSON gets 400 in OpenAI’s error shape', async () => {
  await using gateway = await startGateway()
  const answer = await gateway.post('/v1/embeddings', '{"model": ')
  assert.equal(answer.status, 400)
  assert.deepEqual(await errorOf(answer), {
    message: 'The body is not JSON',
    type: 'invalid_request_error',
    param: null,
    code: 'invalid_json',
  })
  for (const body of ['', '7', 'null', '[]', '{"__proto__": {"a": 1}, "model": "embedder"}'])
    assert.equal((await gateway.post('/v1/embeddings', body)).status, 400, body)
  const deep = `{"model":"embedder","input":"one","user":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
  assert.equal((await gateway.post('/v1/embeddings', deep)).status, 400)
})

test('a body that is too large gets 413, another type 415, an unknown path 404', async () => {
  await using gateway = await startGateway({ limits: { bodyBytes: 1000 } })
  const large = await gateway.post('/v1/embeddings', { ...embed, input: 'x'.repeat(2000) })
  assert.equal(large.status, 413)
  assert.match(JSON.stringify(await errorOf(large)), /over 1000 bytes.*request_too_large/)
  const other = await gateway.post('/v1/embeddings', 'x', { 'content-type': 'text/xml' })
  assert.equal(other.status, 415)
  const unknown = await fetch(`${gateway.url}/v1/nothing`)
  assert.equal(unknown.status, 404)
  assert.match(JSON.stringify(await errorOf(unknown)), /unknown_url/)
})

test('what is not HTTP, or has headers that are too large, is answered as JSON', async () => {
  await using gateway = await startGateway({ limits: { headerBytes: 1000 } })
  const speak = (words: string) => {
    const socket = connect(gateway.port, '127.0.0.1')
    socket.end(words)
    return text(socket)
  }
  assert.match(await speak('hello\r\n\r\n'), /^HTTP\/1.1 400[\s\S]*invalid_request_error/)
  const headers = `GET /health HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(2000)}\r\n\r\n`
  assert.match(await speak(headers), /^HTTP\/1.1 431[\s\S]*headers_too_large/)
})

test('more calls than the limit get 503 with Retry-After, and room comes back', async () => {
  await using gateway = await startGateway({ limits: { concurrentCalls: 1 } })
  const goOn = Promise.withResolvers<void>()
  const running = Promise.withResolvers<void>()
  gateway.generator.beforeToken = () => {
    running.resolve()
    return goOn.promise
  }
  const prompt = { model: 'talker', prompt: 'x', max_tokens: 1 }
  const first = gateway.post('/v1/completions', prompt)
  await running.promise
  const second = await gateway.post('/v1/completions', prompt)
  assert.equal(second.status, 503)
  assert.equal(second.headers.get('retry-after'), '1')
  goOn.resolve()
  assert.equal((await first).status, 200)
  assert.equal((await gateway.post('/v1/completions', prompt)).status, 200)
})

test('calls whose payment is not decided yet take no place from calls that are paid', async () => {
  await using gateway = await startGateway({ price: 1n, limits: { concurrentCalls: 1 } })
  const { market } = gateway
  const decided = Promise.withResolvers<void>()
  const admit = market.admit.bind(market)
  let waiting = 0
  market.admit = async (call) => {
    if (call.paymentHeader === 'waits') {
      waiting += 1
      await decided.promise
    }
    return admit(call)
  }
  const post = (payment: string) =>
    gateway.post('/v1/embeddings', embed, { 'payment-signature': payment })
  const waiters = Array.from({ length: 7 }, () => post('waits'))
  await until(() => waiting === 7)
  assert.equal((await post('paid')).status, 200)
  const last = post('waits')
  await until(() => waiting === 8)
  assert.equal((await post('paid')).status, 503)
  decided.resolve()
  const answers = await Promise.all([...waiters, last])
  const served = answers.filter(({ status }) => status === 200).length
  assert.ok(served >= 1)
  assert.equal(market.cancelled.length, answers.length - served)
})

test('closing lets a running call end and refuses new ones', async () => {
  const gateway = await startGateway()
  const goOn = Promise.withResolvers<void>()
  const running = Promise.withResolvers<void>()
  gateway.generator.beforeToken = () => {
    running.resolve()
    return goOn.promise
  }
  const prompt = { model: 'talker', prompt: 'x', max_tokens: 1 }
  const first = gateway.post('/v1/completions', prompt)
  await running.promise
  const closed = gateway.gateway.close()
  assert.equal((await gateway.post('/v1/completions', prompt)).status, 503)
  assert.equal((await fetch(`${gateway.url}/health`)).status, 503)
  goOn.resolve()
  assert.equal((await first).status, 200)
  await closed
  await assert.rejects(fetch(`${gateway.url}/health`))
})

test('closing aborts calls that do not end in time', async () => {
  const gateway = await startGateway({ limits: { stopMs: 20 } })
  gateway.generator.beforeToken = (index) =>
    index === 0 ? Promise.resolve() : new Promise((resolve) => setImmediate(resolve))
  const prompt = { model: 'talker', prompt: 'x', max_tokens: 900_000 }
  const call = gateway.post('/v1/completions', prompt)
  await until(() => gateway.generator.made > 0)
  await gateway.gateway.close()
  assert.equal((await call).status, 503)
})

test('closing does not wait for a request that never ends', async () => {
  const gateway = await startGateway({ limits: { stopMs: 20 } })
  const socket = connect(gateway.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n')
  await once(socket, 'ready')
  assert.equal((await fetch(`${gateway.url}/health`)).status, 200)
  const closed = once(socket, 'close')
  await gateway.gateway.close()
  await closed
})

test('a taken port is an error that says so', async () => {
  await using gateway = await startGateway()
  await using second = await createGateway(gateway.options)
  await assert.rejects(second.listen({ host: '127.0.0.1', port: gateway.port }), {
    code: 'PORT_TAKEN',
  })
})

test('pages may call and read the payment headers', async () => {
  await using gateway = await startGateway()
  const preflight = await fetch(`${gateway.url}/v1/embeddings`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://page.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,payment-signature',
    },
  })
  assert.equal(preflight.status, 204)
  assert.equal(
    preflight.headers.get('access-control-allow-headers'),
    'content-type,payment-signature',
  )
  const headers = { origin: 'https://page.example' }
  const answer = await gateway.post('/v1/embeddings', embed, headers)
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  assert.match(answer.headers.get('access-control-expose-headers') ?? '', /QUOIN-RECEIPT/)
})

test('operator routes need the token', async () => {
  await using gateway = await startGateway()
  const settle = (authorization?: string) =>
    fetch(`${gateway.url}/quoin/admin/settle`, {
      method: 'POST',
      headers: authorization === undefined ? {} : { authorization },
    })
  assert.equal((await settle()).status, 401)
  assert.equal((await settle('Bearer other')).status, 401)
  const answer = await settle(`Bearer ${operatorToken}`)
  assert.deepEqual(await answer.json(), { claims: [], transactions: [], paidAtomic: '7' })
})

test('an operator puts a model on sale with a price; a wrong price is refused', async () => {
  await using base = await startGateway()
  const asked: unknown[] = []
  const hash = `0x${'1'.repeat(64)}` as const
  const publish = async (request: unknown) => {
    asked.push(request)
    return { modelCid: 'c', serviceId: hash, artifactTransaction: null, serviceTransaction: hash }
  }
  await using gateway = await createGateway({ ...base.options, publish })
  const { url } = await gateway.listen({ host: '127.0.0.1', port: 0 })
  const send = (body: object) =>
    fetch(`${url}/quoin/admin/services`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${operatorToken}` },
      body: JSON.stringify(body),
    })
  assert.equal((await send({ model: 'talker', callAtomic: '12' })).status, 200)
  const price = { callAtomic: 12n, inAtomicPerMillion: 0n, outAtomicPerMillion: 0n }
  assert.deepEqual(asked, [{ model: 'talker', ...price }])
  for (const callAtomic of ['-1', '0.5', 7]) {
    const refused = await send({ model: 'talker', callAtomic })
    assert.equal(refused.status, 400)
  }
})

test('logs have ids and no prompts', async () => {
  const lines: string[] = []
  const write = (fields: object, message: string) => {
    lines.push(JSON.stringify({ ...fields, message }))
  }
  const logger = { error: write, warn: write, info: write, debug: write, child: () => logger }
  await using gateway = await startGateway({ logger })
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const answer = await gateway.post(
    '/v1/embeddings',
    { model: 'embedder', input: 'a secret thought' },
    { traceparent: `00-${trace}-b7ad6b7169203331-01`, 'x-request-id': 'mine-1' },
  )
  assert.equal(answer.headers.get('x-request-id'), 'mine-1')
  await until(() => lines.length > 0)
  assert.match(lines.join(), new RegExp(`mine-1.*${trace}`))
  assert.doesNotMatch(lines.join(), /secret/)
})
