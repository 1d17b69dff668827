import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { test } from 'node:test'
import { peerIdOf } from './index.ts'
import { HostilePeer } from './test-support/hostile-peer.ts'
import { openTestNetwork, portOf, until } from './test-support/open-test-network.ts'
import { encodeFrame } from './wire/frame.ts'

const votes = { maxBytes: 1_000, queueLength: 16 }
const addressOf = (node: { addresses: readonly string[] }) => node.addresses[0] ?? ''

test('a frame larger than its channel allows costs the sender its stream and, in time, its place', async () => {
  await using node = await openTestNetwork()
  const got: Uint8Array[] = []
  node.channel('votes', votes).onMessage((message) => {
    got.push(message)
  })
  await using hostile = await HostilePeer.open()
  const { connection } = await hostile.greet(addressOf(node))
  for (let count = 0; count < 4; count++) {
    const stream = await connection.newStream('/quoin/channel/votes/1')
    stream.send(encodeFrame(new Uint8Array(1_001)))
    await until(() => stream.status !== 'open', 'the stream is reset')
  }
  await until(() => node.peers().length === 0, 'the peer is banned')
  assert.equal(node.status().bans, 1)
  assert.equal(got.length, 0)
  await assert.rejects(async () => {
    const again = await hostile.dial(addressOf(node))
    await again.newStream('/quoin/control/1')
  })
})

test('garbage and floods on the control stream end the connection and nothing else', async () => {
  await using node = await openTestNetwork()
  await using friend = await openTestNetwork({ bootstrap: node.addresses })
  await until(() => friend.peers().length === 1, 'a friend is there')
  await using hostile = await HostilePeer.open()
  for (const bytes of [
    randomBytes(64),
    encodeFrame(randomBytes(64)),
    encodeFrame(Uint8Array.of(9)),
  ]) {
    const { connection, control } = await hostile.greet(addressOf(node))
    control.send(bytes)
    await until(() => connection.status !== 'open', 'garbage ends the connection')
  }
  const { connection, control } = await hostile.greet(addressOf(node))
  const ping = encodeFrame(Uint8Array.of(2, 0, 0, 0, 1))
  for (let count = 0; count < 200 && control.status === 'open'; count++) control.send(ping)
  await until(() => connection.status !== 'open', 'a flood ends the connection')
  assert.equal(friend.peers().length, 1)
})

test('streams of a connection that has not said hello are reset', async () => {
  await using node = await openTestNetwork()
  node.channel('votes', votes)
  const limits = { maxRequestBytes: 10, maxChunkBytes: 10, maxResponseBytes: 10, maxConcurrent: 1 }
  node.protocol('blocks', limits).serve(async function* () {
    yield new Uint8Array(1)
  })
  await using hostile = await HostilePeer.open()
  const connection = await hostile.dial(addressOf(node))
  for (const protocol of ['/quoin/channel/votes/1', '/quoin/request/blocks/1']) {
    const stream = await connection.newStream(protocol)
    await until(() => stream.status !== 'open', `${protocol} is reset`)
  }
})

test('who says nothing is hung up on, before and after the encryption', async () => {
  await using node = await openTestNetwork({ limits: { handshakeMs: 300 } })
  await using hostile = await HostilePeer.open()
  const connection = await hostile.dial(addressOf(node))
  const socket = connect(portOf(node), '127.0.0.1').on('error', () => {})
  await until(() => connection.status !== 'open', 'the encrypted one is closed')
  await until(() => socket.destroyed, 'the plain one is closed')
})

test('thousands of connections from one address leave room for a friend', async () => {
  await using node = await openTestNetwork({ limits: { maxPendingPerIp: 8, handshakeMs: 1_000 } })
  using sockets = new DisposableStack()
  for (let count = 0; count < 2_000; count++) {
    const socket = connect(portOf(node), '127.0.0.1').on('error', () => {})
    sockets.defer(() => socket.destroy())
  }
  await until(() => node.status().refused.addresses > 1_500, 'most are refused')
  await using friend = await openTestNetwork({ bootstrap: node.addresses })
  await until(() => friend.peers().length === 1, 'a friend gets in', 20_000)
})

test('a private network speaks only with listed peers', async () => {
  const [keyA, keyB] = [randomBytes(32), randomBytes(32)]
  const allowedPeers = [peerIdOf(keyA), peerIdOf(keyB)]
  await using a = await openTestNetwork({ privateKey: keyA, allowedPeers })
  await using stranger = await openTestNetwork({ bootstrap: a.addresses })
  await using hostile = await HostilePeer.open()
  await assert.rejects(async () => {
    const connection = await hostile.dial(addressOf(a))
    await connection.newStream('/ipfs/id/1.0.0')
  })
  await using b = await openTestNetwork({ privateKey: keyB, allowedPeers, bootstrap: a.addresses })
  await until(() => b.peers().length === 1, 'the listed peer gets in')
  assert.deepEqual(
    a.peers().map(({ id }) => id),
    [b.peerId],
  )
  assert.equal(stranger.peers().length, 0)
  assert.ok(a.status().refused.peers >= 2)
})

test('a muxer frame that announces more than a window ends the connection', async () => {
  await using node = await openTestNetwork()
  await using hostile = await HostilePeer.open()
  const { connection, control } = await hostile.greet(addressOf(node))
  // yamux: a data frame of 2 GiB for stream 1, and some of it.
  const header = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0, 0, 0)
  const muxer: unknown = Reflect.get(connection, 'muxer')
  assert.ok(typeof muxer === 'object' && muxer !== null)
  const send: unknown = Reflect.get(muxer, 'send')
  assert.ok(typeof send === 'function')
  send.call(muxer, header)
  await until(() => connection.status !== 'open', 'the connection is closed')
  assert.notEqual(control.status, 'open')
})
