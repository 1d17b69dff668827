import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openTestNetwork, until } from './test-support/open-test-network.ts'

test('nodes that know one bootstrap peer find all the others', async () => {
  await using first = await openTestNetwork()
  await using others = new AsyncDisposableStack()
  const nodes = [first]
  for (let count = 0; count < 4; count++)
    nodes.push(others.use(await openTestNetwork({ bootstrap: first.addresses })))
  await until(() => nodes.every((node) => node.peers().length === 4), 'a full mesh', 30_000)
})

test('two nodes that dial each other at once end with one connection', async () => {
  await using a = await openTestNetwork()
  await using b = await openTestNetwork({ bootstrap: a.addresses })
  await until(() => a.peers().length === 1 && b.peers().length === 1, 'they meet')
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
