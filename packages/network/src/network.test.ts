import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { collectResponse, peerIdOf, type TopicOptions } from './index.ts'
import { openTestNetwork, until } from './test-support/open-test-network.ts'

const anything: TopicOptions = { validate: () => 'accept', maxBytes: 1_000 }
const limits = { maxRequestBytes: 100, maxChunkBytes: 1e6, maxResponseBytes: 1e7, maxConcurrent: 4 }

test('a node is known by the peer id of its key', async () => {
  const privateKey = randomBytes(32)
  await using node = await openTestNetwork({ privateKey })
  assert.equal(node.peerId, peerIdOf(privateKey))
  assert.match(node.addresses[0] ?? '', new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/p2p/${node.peerId}$`))
})

test('nodes meet by a bootstrap address and tell when a peer comes and goes', async () => {
  await using a = await openTestNetwork()
  const seen: [string, boolean][] = []
  a.onPeer((peer, isConnected) => seen.push([peer, isConnected]))
  const b = await openTestNetwork({ bootstrap: a.addresses })
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet')
  assert.deepEqual([a.peers()[0]?.direction, b.peers()[0]?.direction], ['inbound', 'outbound'])
  await until(() => (a.peers()[0]?.latencyMs ?? null) !== null, 'a measures the round trip')
  await b[Symbol.asyncDispose]()
  await until(() => a.peers().length === 0, 'b is gone')
  assert.deepEqual(seen, [
    [b.peerId, true],
    [b.peerId, false],
  ])
})

test('a channel carries messages of all sizes in order, also when offered late', async () => {
  await using a = await openTestNetwork()
  await using b = await openTestNetwork({ bootstrap: a.addresses })
  await until(() => b.peers().length === 1, 'they meet')
  const options = { maxBytes: 2_000_000, queueLength: 100, queueBytes: 20_000_000 }
  const out = b.channel('votes', options)
  const sizes = [0, 1, 100, 2_000_000, 3, 1_000_000, 5]
  for (const size of sizes) out.send(a.peerId, new Uint8Array(size).fill(size))
  const got: Uint8Array[] = []
  a.channel('votes', options).onMessage((message, from) => {
    assert.equal(from, b.peerId)
    got.push(message)
  })
  await until(() => got.length === sizes.length, 'all arrive')
  assert.deepEqual(
    got.map((message) => message.length),
    sizes,
  )
  assert.ok(got.every((message) => message.every((byte) => byte === message.length % 256)))
})

test('gossip reaches who is not connected to the author', async () => {
  await using a = await openTestNetwork()
  await using b = await openTestNetwork({ bootstrap: a.addresses })
  await using c = await openTestNetwork({ bootstrap: b.addresses })
  await until(() => b.peers().length === 2, 'they stand in a line')
  const [first] = [a.topic('tx', anything), b.topic('tx', anything)]
  const heard = new Set<string>()
  c.topic('tx', anything).onMessage((message) => heard.add(Buffer.from(message).toString()))
  let count = 0
  const timer = setInterval(() => first.publish(Buffer.from(`tx ${count++}`)), 50)
  await until(() => heard.size > 0, 'c hears of a transaction').finally(() => clearInterval(timer))
})

test('a request is answered chunk by chunk', async () => {
  await using a = await openTestNetwork()
  await using b = await openTestNetwork({ bootstrap: a.addresses })
  await until(() => b.peers().length === 1 && a.peers().length === 1, 'they meet')
  a.protocol('blocks', limits).serve(async function* (request) {
    for (let index = 0; index < 5; index++) yield new Uint8Array(900_000).fill(request[0] ?? 0)
  })
  const asker = b.protocol('blocks', limits)
  const whole = await collectResponse(asker.request(a.peerId, Uint8Array.of(7)))
  assert.equal(whole.length, 4_500_000)
  assert.ok(whole.every((byte) => byte === 7))
})

test('a node of another chain is refused', async () => {
  await using a = await openTestNetwork()
  await using b = await openTestNetwork({ bootstrap: a.addresses, chain: `0x${'22'.repeat(32)}` })
  await using c = await openTestNetwork({ bootstrap: a.addresses })
  await until(() => c.peers().length === 1, 'one of the same chain is welcome')
  assert.equal(b.peers().length, 0)
  assert.deepEqual(
    a.peers().map((peer) => peer.id),
    [c.peerId],
  )
})

test('who gossips what is rejected is banned, and a judge that throws harms nobody', async () => {
  await using a = await openTestNetwork()
  await using b = await openTestNetwork({ bootstrap: a.addresses })
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet')
  let isStrict = false
  a.topic('tx', {
    maxBytes: 1_000,
    validate: () => {
      if (!isStrict) throw new Error('a bug')
      return 'reject'
    },
  })
  const topic = b.topic('tx', anything)
  const timer = setInterval(() => topic.publish(randomBytes(20)), 20)
  try {
    await until(() => (a.status().topics.tx?.dropped ?? 0) > 3, 'some are judged by a thrower')
    assert.equal(a.peers()[0]?.score, 0)
    isStrict = true
    await until(() => a.status().bans === 1, 'b is banned')
    await until(() => a.peers().length === 0, 'b is gone')
  } finally {
    clearInterval(timer)
  }
})
