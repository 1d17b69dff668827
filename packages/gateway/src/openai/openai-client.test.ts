import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receiptMember } from '@quoin/protocol'
import OpenAI from 'openai'
import { startGateway } from '../test-support/start-gateway.ts'

const clientOf = (url: string, headers: Record<string, string> = {}) =>
  new OpenAI({ apiKey: 'none', baseURL: `${url}/v1`, maxRetries: 0, defaultHeaders: headers })

test('the openai client lists models and reads one', async () => {
  await using gateway = await startGateway()
  const client = clientOf(gateway.url)
  const ids = (await client.models.list()).data.map(({ id }) => id)
  assert.deepEqual(ids, ['embedder', 'talker', 'doubler'])
  const model = await client.models.retrieve('talker')
  assert.equal(model.created, Date.parse('2026-01-01T00:00:00Z') / 1000)
  await assert.rejects(client.models.retrieve('nobody'), { status: 404, code: 'model_not_found' })
})

test('the openai client embeds texts, as base64 by default and as floats when asked', async () => {
  await using gateway = await startGateway()
  const client = clientOf(gateway.url)
  const answer = await client.embeddings.create({ model: 'embedder', input: ['one two', 'three'] })
  assert.deepEqual(
    answer.data.map(({ embedding }) => Array.from(embedding)),
    [
      [7, 2],
      [5, 1],
    ],
  )
  assert.deepEqual(answer.usage, { prompt_tokens: 3, total_tokens: 3 })
  const floats = await client.embeddings.create({
    model: 'embedder',
    input: 'one',
    encoding_format: 'float',
    dimensions: 2,
  })
  assert.deepEqual(floats.data[0]?.embedding, [3, 1])
})

test('embeddings refuse token numbers, another width and too many texts, and say which parameter', async () => {
  await using gateway = await startGateway()
  const client = clientOf(gateway.url)
  const create = (own: object) =>
    client.embeddings.create({ model: 'embedder', input: 'one', ...own })
  await assert.rejects(create({ input: [1, 2] }), { status: 400, param: 'input' })
  await assert.rejects(create({ input: [[1], [2]] }), { code: 'unsupported_parameter' })
  await assert.rejects(create({ dimensions: 3 }), { status: 400, param: 'dimensions' })
  await assert.rejects(create({ input: ['a', 'b', 'c', 'd', 'e'] }), /at most 4/)
  const long = create({ input: 'word '.repeat(51) })
  await assert.rejects(long, { code: 'context_length_exceeded', message: /51 tokens.*at most 50/ })
  const large = create({ input: 'x'.repeat(10_001) })
  await assert.rejects(large, { status: 400, code: 'context_length_exceeded', param: 'input' })
  await assert.rejects(create({ input: '' }), { status: 400, param: 'input' })
  await assert.rejects(create({ model: 'talker' }), { code: 'unsupported_task' })
})

test('the openai client gets a whole chat completion with its usage', async () => {
  await using gateway = await startGateway()
  const answer = await clientOf(gateway.url).chat.completions.create({
    model: 'talker',
    messages: [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: [{ type: 'text', text: 'hello there' }] },
    ],
    max_tokens: 3,
    seed: 9,
    top_p: 1,
    n: 1,
  })
  assert.equal(answer.choices[0]?.message.content, 'tock tock tock ')
  assert.equal(answer.choices[0]?.finish_reason, 'length')
  assert.deepEqual(answer.usage, { prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 })
  assert.equal(Reflect.get(answer, 'seed'), 9)
})

test('a chat stream begins with the role and ends with the usage chunk when asked', async () => {
  await using gateway = await startGateway()
  const stream = await clientOf(gateway.url).chat.completions.create({
    model: 'talker',
    messages: [{ role: 'user', content: 'hello' }],
    max_completion_tokens: 2,
    stream: true,
    stream_options: { include_usage: true },
  })
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  assert.equal(chunks[0]?.choices[0]?.delta.role, 'assistant')
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
  assert.equal(text, 'tock tock ')
  assert.equal(chunks.at(-2)?.choices[0]?.finish_reason, 'length')
  assert.deepEqual(chunks.at(-1)?.choices, [])
  assert.equal(chunks.at(-1)?.usage?.total_tokens, 3)
  assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null))
})

test("the client's own accumulator reads a paid stream, receipt chunk and all", async () => {
  await using gateway = await startGateway({ price: 1n })
  const client = clientOf(gateway.url, { 'payment-signature': 'paid' })
  const runner = client.chat.completions.stream({
    model: 'talker',
    messages: [{ role: 'user', content: 'hello' }],
    max_completion_tokens: 4,
    stream_options: { include_usage: true },
  })
  const receipts: unknown[] = []
  runner.on('chunk', (chunk) => {
    if (receiptMember in chunk) receipts.push(chunk[receiptMember])
  })
  const completion = await runner.finalChatCompletion()
  assert.equal(completion.choices[0]?.message.content, 'tock tock tock tock ')
  assert.equal(completion.usage?.completion_tokens, 4)
  assert.equal(receipts.length, 1)
})

test('a text arrives while the model still works', async () => {
  await using gateway = await startGateway()
  const goOn = Promise.withResolvers<void>()
  gateway.generator.beforeToken = async (index) => (index === 1 ? goOn.promise : undefined)
  const stream = await clientOf(gateway.url).completions.create({
    model: 'talker',
    prompt: 'hello',
    max_tokens: 2,
    stream: true,
  })
  const texts: string[] = []
  for await (const chunk of stream) {
    texts.push(chunk.choices[0]?.text ?? '')
    goOn.resolve()
  }
  assert.deepEqual(texts, ['tock ', 'tock ', ''])
})

test('the openai client gets a text completion', async () => {
  await using gateway = await startGateway()
  const answer = await clientOf(gateway.url).completions.create({ model: 'talker', prompt: 'a b' })
  assert.equal(answer.choices[0]?.text, 'tock '.repeat(16))
  assert.equal(answer.usage?.prompt_tokens, 2)
})

test('parameters that would change the answer are refused, others are ignored', async () => {
  await using gateway = await startGateway()
  const client = clientOf(gateway.url)
  const create = (own: object) =>
    client.chat.completions.create({
      model: 'talker',
      messages: [{ role: 'user', content: 'x' }],
      max_tokens: 1,
      ...own,
    })
  const refused = [
    { n: 2 },
    { logprobs: true },
    { tools: [{ type: 'function', function: { name: 'f' } }] },
    { response_format: { type: 'json_object' } },
    { store: true },
  ]
  for (const own of refused)
    await assert.rejects(create(own), {
      status: 400,
      code: 'unsupported_parameter',
      param: Object.keys(own)[0],
    })
  await create({ user: 'me', metadata: { a: 'b' }, tools: [], response_format: { type: 'text' } })
  await assert.rejects(create({ max_tokens: 2_000_000 }), { status: 400, param: 'max_tokens' })
  await assert.rejects(create({ temperature: 3 }), { status: 400, param: 'temperature' })
  const image = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }]
  await assert.rejects(create({ messages: image }), /Only text content is supported/)
})

test('the openai client gets a response, whole and as a stream, paid', async () => {
  await using gateway = await startGateway({ price: 1n })
  const client = clientOf(gateway.url, { 'payment-signature': 'paid' })
  const ask = { model: 'talker', input: 'two words', max_output_tokens: 3 }
  const whole = await client.responses.create({ ...ask, instructions: 'be brief' })
  assert.equal(whole.output_text, 'tock tock tock ')
  assert.equal(whole.status, 'incomplete')
  assert.deepEqual(whole.incomplete_details, { reason: 'max_output_tokens' })
  assert.equal(whole.usage?.input_tokens, 4)
  const types: string[] = []
  const runner = client.responses.stream(ask)
  runner.on('event', ({ type }) => types.push(type))
  const final = await runner.finalResponse()
  assert.equal(final.output_text, 'tock tock tock ')
  assert.deepEqual(types.slice(0, 2), ['response.created', 'response.in_progress'])
  assert.equal(gateway.market.outcomes.length, 2)
  const stored = client.responses.create({ ...ask, store: true })
  await assert.rejects(stored, { status: 400, param: 'store' })
})

test("a response's stream ends with its receipt", async () => {
  await using gateway = await startGateway({ price: 1n })
  const client = clientOf(gateway.url, { 'payment-signature': 'paid' })
  const stream = await client.responses.create({ model: 'talker', input: 'x', stream: true })
  const events: object[] = []
  for await (const event of stream) events.push(event)
  assert.ok(receiptMember in (events.at(-1) ?? {}))
  const numbers = events.map((event) => Reflect.get(event, 'sequence_number'))
  assert.deepEqual(numbers, [...numbers.keys()])
})
