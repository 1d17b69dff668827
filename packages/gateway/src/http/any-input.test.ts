import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startGateway } from '../test-support/start-gateway.ts'

/** Requests that are right but for one member, which is anything. */
const nearlyRight: [string, Record<string, unknown>][] = [
  ['/v1/embeddings', { model: 'embedder', input: 'x', encoding_format: 'float', dimensions: 2 }],
  [
    '/v1/chat/completions',
    {
      model: 'talker',
      messages: [{ role: 'user', content: 'x' }],
      max_tokens: 1,
      temperature: 1,
      seed: 1,
      stop: 'x',
      top_k: 1,
      stream_options: {},
    },
  ],
  ['/v1/completions', { model: 'talker', prompt: 'x', max_tokens: 1, top_p: 1 }],
  ['/v1/responses', { model: 'talker', input: 'x', max_output_tokens: 1, instructions: 'x' }],
  [
    '/v2/models/doubler/infer',
    {
      id: 'x',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
      outputs: [],
    },
  ],
  ['/facilitator/verify', { x402Version: 2, paymentPayload: {}, paymentRequirements: {} }],
]

const nearly = fc
  .constantFrom(...nearlyRight)
  .chain(([path, body]) =>
    fc
      .tuple(fc.constantFrom(...Object.keys(body)), fc.jsonValue({ maxDepth: 4 }))
      .map(([member, value]) => [path, { ...body, [member]: value }] as const),
  )
const anything = fc.tuple(fc.constantFrom(...nearlyRight.map(([path]) => path)), fc.jsonValue())

test('no body that is JSON makes the gateway fail', async () => {
  await using gateway = await startGateway()
  const property = fc.asyncProperty(fc.oneof(nearly, anything), async ([path, body]) => {
    const answer = await gateway.post(path, JSON.stringify(body))
    const text = await answer.text()
    assert.ok(answer.status < 500, `${answer.status} ${text}`)
    if (!text.startsWith('data:') && !text.startsWith('event:')) JSON.parse(text)
  })
  await fc.assert(property, { numRuns: 500 })
})

test('numbers too large for their type are a bad request, to paid services too', async () => {
  await using gateway = await startGateway({ price: 1n })
  const paid = { 'payment-signature': 'paid' }
  const infer = (number: string) =>
    gateway.post(
      '/v2/models/doubler/infer',
      `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,${number}]}]}`,
      paid,
    )
  const chat = '{"model":"talker","messages":[{"role":"user","content":"x"}],"unknown":1e999}'
  const answers = [
    await infer('1e39'),
    await infer('1e999'),
    await gateway.post('/v1/chat/completions', chat, paid),
  ]
  for (const answer of answers) {
    assert.equal(answer.status, 400, await answer.text())
  }
})

test('no header value makes the gateway fail', async () => {
  await using gateway = await startGateway({ price: 1n })
  const value = fc.string({
    unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
    maxLength: 200,
  })
  const names = [
    'payment-signature',
    'idempotency-key',
    'x-request-id',
    'traceparent',
    'authorization',
  ]
  const headers = fc.dictionary(fc.constantFrom(...names), value)
  const property = fc.asyncProperty(headers, async (given) => {
    const answer = await gateway.post('/v1/embeddings', { model: 'embedder', input: 'x' }, given)
    await answer.text()
    assert.ok(answer.status === 200 || answer.status === 402, String(answer.status))
  })
  await fc.assert(property, { numRuns: 200 })
})
