import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestNetwork, until } from './test-support/open-test-network.ts'
import { openProxyTo } from './test-support/through-proxy.ts'

/** Nobody is dialed past the proxy. */
const announce: string[] = []
const limits = { heartbeatMs: 100, silenceMs: 600, redialMs: 50, dialMs: 1_000 }
const votes = { maxBytes: 300_000, queueLength: 8 }

async function openPair(more: object = {}) {
  const stack = new AsyncDisposableStack()
  const a = stack.use(await openTestNetwork({ announce, limits: { ...limits, ...more } }))
  const { proxy, address } = await openProxyTo(a)
  stack.use(proxy)
  const b = stack.use(
    await openTestNetwork({ announce, bootstrap: [address], limits: { ...limits, ...more } }),
  )
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet')
  return { a, b, proxy, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('a link that goes dead without a word is noticed on both sides and mended when it heals', async () => {
  await using pair = await openPair()
  const { a, b, proxy } = pair
  proxy.pause()
  await until(() => a.peers().length === 0 && b.peers().length === 0, 'both notice')
  proxy.mend()
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet again')
})

test('a link dead in one direction only is dropped too', async () => {
  await using pair = await openPair()
  const { a, b, proxy } = pair
  proxy.there.isPaused = true
  await until(() => a.peers().length === 0 && b.peers().length === 0, 'both notice')
  proxy.mend()
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet again')
})

test('a reset connection comes back, and channels go on', async () => {
  await using pair = await openPair()
  const { a, b, proxy } = pair
  const got: number[] = []
  a.channel('votes', votes).onMessage((message) => {
    got.push(message[0] ?? 0)
  })
  const channel = b.channel('votes', votes)
  for (let round = 1; round <= 3; round++) {
    const timer = setInterval(() => channel.broadcast(Uint8Array.of(round)), 20)
    await until(() => got.includes(round), `messages of round ${round}`).finally(() =>
      clearInterval(timer),
    )
    proxy.cut()
    await until(() => a.peers().length === 0, 'the cut is seen')
  }
})

test('what waits for a slow peer is bounded, the oldest goes first, and others do not wait', async () => {
  await using pair = await openPair({ silenceMs: 60_000 })
  const { a, b, proxy } = pair
  await using quick = await openTestNetwork({ bootstrap: b.addresses })
  await until(() => b.peers().length === 2, 'a quick peer is there too')
  const [slowGot, quickGot]: [number[], number[]] = [[], []]
  a.channel('votes', votes).onMessage((message) => {
    slowGot.push(message[0] ?? 0)
  })
  quick.channel('votes', votes).onMessage((message) => {
    quickGot.push(message[0] ?? 0)
  })
  const channel = b.channel('votes', votes)
  channel.broadcast(Uint8Array.of(0))
  await until(() => slowGot.length === 1 && quickGot.length === 1, 'the channel is open')
  proxy.there.isPaused = true
  for (let index = 1; index <= 100; index++) {
    channel.broadcast(new Uint8Array(250_000).fill(index))
    await until(() => quickGot.at(-1) === index, 'the quick one has it')
  }
  const queue = b.peers().find((peer) => peer.id === a.peerId)?.queues.votes
  assert.ok(queue !== undefined && queue.dropped > 50 && queue.length <= 8, JSON.stringify(queue))
  proxy.mend()
  await until(() => slowGot.at(-1) === 100, 'the newest still arrives', 30_000)
})

test('a reader that takes its time holds the writer back instead of filling memory', async () => {
  await using a = await openTestNetwork()
  await using b = await openTestNetwork({ bootstrap: a.addresses })
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet')
  let release = () => {}
  let count = 0
  a.channel('votes', votes).onMessage(() => {
    count += 1
    return new Promise((resolve) => {
      release = resolve
    })
  })
  const channel = b.channel('votes', { ...votes, whenFull: 'dropNewest' })
  for (let index = 0; index < 100; index++) channel.broadcast(new Uint8Array(250_000))
  await until(() => count === 1, 'the first is being read')
  await until(() => (b.peers()[0]?.queues.votes?.dropped ?? 0) > 50, 'the rest waits or is lost')
  for (let index = 1; index < 4; index++) {
    release()
    await until(() => count > index, 'the next is read')
  }
})

test('one long message on a slow link is not taken for silence', async () => {
  await using pair = await openPair()
  const { a, b, proxy } = pair
  proxy.there.bytesPerSecond = 150_000
  let isHere = false
  a.channel('votes', votes).onMessage(() => {
    isHere = true
  })
  b.channel('votes', votes).broadcast(new Uint8Array(250_000))
  await until(() => isHere, 'it arrives')
  assert.equal(a.peers().length, 1)
})
