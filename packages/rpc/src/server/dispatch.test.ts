import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type LogFields, type Logger, silentLogger } from '@quoin/kernel'
import { type MethodContext, method } from '../methods/context.ts'
import { openDevChain } from '../testing/dev-chain.ts'

const errors: { message: string; fields: LogFields }[] = []
const logger: Logger = {
  ...silentLogger,
  error: (fields, message) => errors.push({ fields, message }),
}
let calls = 0
let seen: AbortSignal | null = null
const arrived = Promise.withResolvers<void>()
const told = Promise.withResolvers<unknown>()
const release = Promise.withResolvers<void>()

const chain = await openDevChain({
  logger,
  limits: { requestMs: 100, concurrentRequests: 2 },
  methods: {
    test_endless: method(0, (_, context: MethodContext) => {
      calls++
      seen = context.signal
      return new Promise(() => {})
    }),
    test_gone: method(0, async (_, { signal }) => {
      signal.addEventListener('abort', () => told.resolve(signal.reason))
      arrived.resolve()
      await told.promise
    }),
    test_wait: method(0, async (_, { signal }) => {
      await release.promise
      return signal.aborted
    }),
    test_bug: method(0, async () => {
      throw new TypeError('secret path /home/someone')
    }),
    test_nothing: method(0, () => undefined),
  },
})
after(() => chain[Symbol.asyncDispose]())

test('a method that takes too long is answered with a timeout and told to stop', async () => {
  const { error } = await chain.request('test_endless')
  assert.deepEqual(error, { code: -32002, message: 'request timed out after 100 ms' })
  assert.equal(seen?.aborted, true)
})

test('a method is told when its caller has gone', async () => {
  const hangUp = new AbortController()
  const sent = fetch(chain.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'test_gone' }),
    signal: hangUp.signal,
  })
  await arrived.promise
  hangUp.abort()
  await assert.rejects(sent)
  assert.match(String(await told.promise), /the client went away/)
})

test('the requests of a batch share the time of one', async () => {
  const response = await fetch(chain.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([1, 2, 3].map((id) => ({ jsonrpc: '2.0', id, method: 'test_endless' }))),
  })
  const answers = (await response.json()) as { error?: { code: number } }[]
  assert.deepEqual(
    answers.map(({ error }) => error?.code),
    [-32002, -32002, -32002],
  )
  assert.equal(calls, 2)
})

test('a bug is answered without its text, which goes into the log', async () => {
  assert.deepEqual((await chain.request('test_bug')).error, {
    code: -32603,
    message: 'internal error',
  })
  assert.equal(errors[0]?.fields.method, 'test_bug')
  assert.equal((await chain.request('test_nothing')).result, null)
})

test('requests beyond the limit are told to come back, and the others go on', async () => {
  const first = [chain.request('test_wait'), chain.request('test_wait')]
  while (chain.rpc.status().requests < 2) await new Promise((resolve) => setImmediate(resolve))
  const response = await fetch(chain.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 1, method: 'test_nothing' }),
  })
  assert.equal(response.status, 503)
  assert.match(await response.text(), /-32005.*too many requests/)
  release.resolve()
  for (const { result } of await Promise.all(first)) assert.equal(result, false)
})
