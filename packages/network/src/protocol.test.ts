import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError } from '@quoin/kernel'
import { collectResponse, type Network } from './index.ts'
import { openTestNetwork, until } from './test-support/open-test-network.ts'

const limits = {
  maxRequestBytes: 100,
  maxChunkBytes: 100_000,
  maxResponseBytes: 1_000_000,
  maxConcurrent: 16,
}

async function openPair(more: object = {}) {
  const stack = new AsyncDisposableStack()
  const a = stack.use(await openTestNetwork({ limits: more }))
  const b = stack.use(await openTestNetwork({ bootstrap: a.addresses }))
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet')
  return { a, b, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const code = (expected: string) => (error: unknown) =>
  error instanceof CodedError && error.code === expected

async function* endless(context: { signal: AbortSignal }, onChunk = () => {}) {
  while (!context.signal.aborted) {
    onChunk()
    yield new Uint8Array(100_000)
  }
}

test('an answer that never ends is cut at its limit, and the answerer stops', async () => {
  await using pair = await openPair()
  let hasStopped = false
  pair.a.protocol('blocks', limits).serve(async function* (_, context) {
    try {
      yield* endless(context)
    } finally {
      hasStopped = true
    }
  })
  const asking = collectResponse(
    pair.b.protocol('blocks', limits).request(pair.a.peerId, new Uint8Array(1)),
  )
  await assert.rejects(asking, code('RESPONSE_TOO_LARGE'))
  await until(() => hasStopped, 'the answerer stops')
})

test('an asker that reads slowly holds the answerer back', async () => {
  await using pair = await openPair()
  let chunks = 0
  const large = { ...limits, maxResponseBytes: 1e9 }
  pair.a.protocol('blocks', large).serve((_, context) => endless(context, () => chunks++))
  for await (const _ of pair.b
    .protocol('blocks', large)
    .request(pair.a.peerId, new Uint8Array(1))) {
    await sleep(300)
    break
  }
  assert.ok(chunks < 100, `${chunks} chunks were made for one that was read`)
})

test('silence ends in a timeout, an aborted signal in its reason, and the answerer hears of both', async () => {
  await using pair = await openPair()
  let given = 0
  pair.a.protocol('blocks', limits).serve(async function* (_, { signal }) {
    yield new Uint8Array(1)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    given += 1
  })
  const asker = pair.b.protocol('blocks', limits)
  const { peerId } = pair.a
  const slow = collectResponse(asker.request(peerId, new Uint8Array(1), { timeoutMs: 200 }))
  await assert.rejects(slow, code('REQUEST_TIMED_OUT'))
  const controller = new AbortController()
  const { signal } = controller
  const chunks = asker.request(peerId, new Uint8Array(1), { signal })[Symbol.asyncIterator]()
  await chunks.next()
  const next = chunks.next()
  controller.abort(new Error('enough'))
  await assert.rejects(next, /enough/)
  await until(() => given === 2, 'both are given up at the answerer')
})

test('one peer gets only so many answers at once, and only so many a second', async () => {
  await using pair = await openPair({
    maxRequestsPerPeer: 2,
    requestBurst: 5,
    requestsPerSecond: 0.001,
  })
  pair.a.protocol('blocks', limits).serve(async function* (request, { signal }) {
    if (request[0] === 0) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    yield request
  })
  const asker = pair.b.protocol('blocks', limits)
  const ask = (kind: number, signal?: AbortSignal) =>
    collectResponse(asker.request(pair.a.peerId, Uint8Array.of(kind), signal ? { signal } : {}))
  const controller = new AbortController()
  const held = [ask(0, controller.signal), ask(0, controller.signal)].map((asking) =>
    asking.catch((error: unknown) => error),
  )
  await until(() => pair.a.status().servedRequests === 2, 'two are being served')
  await assert.rejects(ask(1), code('REQUEST_REFUSED'))
  controller.abort(new Error('enough'))
  await Promise.all(held)
  await until(() => pair.a.status().servedRequests === 0, 'both are over')
  for (let count = 0; count < 3; count++) await ask(1)
  await assert.rejects(ask(1), code('REQUEST_REFUSED'))
})

test('one peer cannot take all the places of a protocol', async () => {
  await using pair = await openPair()
  await using other = await openTestNetwork({ bootstrap: pair.a.addresses })
  await until(() => pair.a.peers().length === 2, 'a third one comes')
  const few = { ...limits, maxConcurrent: 4 }
  pair.a.protocol('blocks', few).serve(async function* (request, { signal }) {
    if (request[0] === 0) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    yield request
  })
  const greedy = pair.b.protocol('blocks', few)
  const controller = new AbortController()
  const { signal } = controller
  const held = Array.from({ length: 4 }, () =>
    collectResponse(greedy.request(pair.a.peerId, Uint8Array.of(0), { signal })).catch(
      (error: unknown) => error,
    ),
  )
  await until(() => pair.a.status().servedRequests === 2, 'it gets half of them')
  const modest = other.protocol('blocks', few)
  const answer = await collectResponse(modest.request(pair.a.peerId, Uint8Array.of(1)))
  assert.deepEqual(answer, Uint8Array.of(1))
  controller.abort(new Error('enough'))
  const refused = (await Promise.all(held)).filter(code('REQUEST_REFUSED'))
  assert.equal(refused.length, 2)
})

test('a handler that throws, a missing handler and a missing peer are told apart', async () => {
  await using pair = await openPair()
  const served = pair.a.protocol('blocks', limits)
  const asker = pair.b.protocol('blocks', limits)
  const ask = (peer: Network['peerId']) => collectResponse(asker.request(peer, new Uint8Array(1)))
  await assert.rejects(ask(pair.a.peerId), code('REQUEST_REFUSED'))
  // biome-ignore lint/correctness/useYield: it fails before it has anything to say
  served.serve(async function* () {
    throw new Error('a bug')
  })
  await assert.rejects(ask(pair.a.peerId), code('REQUEST_REFUSED'))
  await assert.rejects(ask(pair.b.peerId), code('PEER_NOT_CONNECTED'))
})
