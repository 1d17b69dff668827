import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { NetworkFile, NetworkNode } from './layout.ts'
import { choosePorts } from './ports.ts'

const empty: NetworkFile = {
  quoin: 'network/1',
  chainId: 1,
  consensus: 'bft',
  policy: 'authority',
  basePort: 0,
  nextId: 1,
  nodes: [],
}

test('a port that something else listens on is replaced, and the others stay', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  t.after(() => holder.close())
  const bound = holder.address()
  assert.ok(typeof bound === 'object' && bound)
  const free = await choosePorts(empty, { id: 1, services: 'all' })
  const ports = { ...free, p2p: bound.port }
  const chosen = await choosePorts(empty, { id: 1, services: 'all', ports })
  assert.notEqual(chosen.p2p, bound.port)
  assert.deepEqual({ ...chosen, p2p: 0 }, { ...free, p2p: 0 })
})

test('two nodes never get the same port, though neither runs', async () => {
  const ports = await choosePorts(empty, { id: 1, services: 'all' })
  const node: NetworkNode = {
    ...{ id: 1, isGenesisValidator: true, services: 'all', mine: 0, peerId: 'x', ports },
    validator: `0x${'0'.repeat(40)}`,
  }
  const network = { ...empty, nodes: [node] }
  const second = await choosePorts(network, { id: 2, services: 'chain', ports })
  const all = [...Object.values(ports), ...Object.values(second)].filter((port) => port !== null)
  assert.equal(new Set(all).size, all.length)
  assert.equal(second.gateway, null)
})
