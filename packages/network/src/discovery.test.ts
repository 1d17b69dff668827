import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TcpProxy } from '@quoin/testing'
import { peerIdOf } from './index.ts'
import { openTestNetwork, portOf, until } from './test-support/open-test-network.ts'

test('nodes that know one bootstrap peer find all the others', async () => {
  await using first = await openTestNetwork()
  await using others = new AsyncDisposableStack()
  const nodes = [first]
  for (let count = 0; count < 4; count++)
    nodes.push(others.use(await openTestNetwork({ bootstrap: first.addresses })))
  await until(() => nodes.every((node) => node.peers().length === 4), 'a full mesh', 30_000)
})

test('two nodes that dial each other at once end with one connection, the same for both', async () => {
  const keys = [randomBytes(32), randomBytes(32)] as const
  await using stack = new AsyncDisposableStack()
  const proxies = [
    stack.use(await TcpProxy.open({ port: 1 })),
    stack.use(await TcpProxy.open({ port: 1 })),
  ] as const
  // Slow wires, so that both dials are on their way when either arrives.
  for (const { there, back } of proxies) there.delayMs = back.delayMs = 50
  const open = async (own: 0 | 1, other: 0 | 1) =>
    stack.use(
      await openTestNetwork({
        privateKey: keys[own],
        announce: [],
        bootstrap: [`/ip4/127.0.0.1/tcp/${proxies[other].port}/p2p/${peerIdOf(keys[other])}`],
        limits: { redialMs: 20, maxRedialMs: 40 },
      }),
    )
  const [a, b] = [await open(0, 1), await open(1, 0)]
  proxies[0].target = { host: '127.0.0.1', port: portOf(a) }
  proxies[1].target = { host: '127.0.0.1', port: portOf(b) }
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet')
  await until(
    () => proxies[0].connections + proxies[1].connections === 1,
    'one of the connections is closed',
  )
  const directions = [a.peers()[0]?.direction, b.peers()[0]?.direction].sort()
  assert.deepEqual(directions, ['inbound', 'outbound'])
})

test('peers and bans outlive a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-network-'))
  try {
    const statePath = join(folder, 'peers.json')
    const [privateKey, banned] = [randomBytes(32), 'peer-that-was-banned']
    await using a = await openTestNetwork()
    {
      await using b = await openTestNetwork({ privateKey, statePath, bootstrap: a.addresses })
      await until(() => b.status().knownPeers === 1, 'b keeps the address of a')
      for (let count = 0; count < 4; count++) b.report(banned, 'invalid')
      assert.equal(b.status().bans, 1)
    }
    await using b = await openTestNetwork({ privateKey, statePath })
    assert.equal(b.status().bans, 1)
    await until(() => b.peers().length === 1, 'b finds a without being told')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('no more peers are dialed than wanted, no more taken in than there is room for', async () => {
  await using first = await openTestNetwork({ limits: { maxInboundPeers: 2, targetPeers: 0 } })
  await using others = new AsyncDisposableStack()
  for (let count = 0; count < 4; count++)
    others.use(await openTestNetwork({ bootstrap: first.addresses, limits: { targetPeers: 1 } }))
  await until(() => first.status().refused.handshakes >= 2, 'two are turned away')
  assert.equal(first.peers().length, 2)
})
