import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { type LogFields, type Logger, silentLogger } from '@quoin/kernel'
import { WebSocket } from 'ws'
import { openDevChain } from '../testing/dev-chain.ts'

const warnings: { message: string; fields: LogFields }[] = []
const logger: Logger = {
  ...silentLogger,
  warn: (fields, message) => warnings.push({ fields, message }),
}
const chain = await openDevChain({
  logger,
  limits: { webSocketBacklogBytes: 100_000, subscriptionsPerConnection: 3, webSocketRequests: 2 },
})
after(() => chain[Symbol.asyncDispose]())

async function open() {
  const socket = new WebSocket(chain.rpc.webSocketUrl)
  await once(socket, 'open')
  const inbox: {
    id?: number
    result?: unknown
    error?: { code: number }
    params?: { result: unknown; subscription: string }
  }[] = []
  socket.on('message', (data) => inbox.push(JSON.parse(data.toString())))
  const next = async (count: number) => {
    const signal = AbortSignal.timeout(10_000)
    while (inbox.length < count) await once(socket, 'message', { signal })
    return inbox
  }
  const send = (id: number, method: string, params: unknown[] = []) =>
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
  return { socket, inbox, next, send }
}

test('a subscription tells of every head until it is ended', async () => {
  const { socket, next, send } = await open()
  send(1, 'eth_subscribe', ['newHeads'])
  const [answer] = await next(1)
  const hash = await chain.mine()
  const [, notice] = await next(2)
  assert.equal(notice?.params?.subscription, answer?.result)
  assert.equal((notice?.params?.result as { hash: string } | undefined)?.hash, hash)
  send(2, 'eth_unsubscribe', [answer?.result])
  assert.equal((await next(3))[2]?.result, true)
  await chain.mine()
  send(3, 'eth_unsubscribe', [answer?.result])
  assert.equal((await next(4))[3]?.error?.code, -32000)
  socket.terminate()
})

test('subscriptions are bounded, and unknown ones are refused', async () => {
  const { socket, next, send } = await open()
  for (const id of [1, 2, 3, 4]) send(id, 'eth_subscribe', ['newPendingTransactions', true])
  const answers = await next(4)
  assert.equal(answers.filter(({ result }) => result !== undefined).length, 3)
  assert.equal(answers.find(({ error }) => error)?.error?.code, -32005)
  socket.terminate()
  const other = await open()
  other.send(1, 'eth_subscribe', ['weather'])
  assert.equal((await other.next(1))[0]?.error?.code, -32602)
  other.socket.terminate()
})

test('subscribing over HTTP is refused', async () => {
  const { error } = await chain.request('eth_subscribe', ['newHeads'])
  assert.deepEqual(error, {
    code: -32601,
    message: 'notifications not supported: use a WebSocket',
  })
})

test('many messages at once are all answered though few run at a time', async () => {
  const { socket, next, send } = await open()
  for (let id = 0; id < 200; id++) send(id, 'eth_getBlockByNumber', ['latest', true])
  const ids = (await next(200)).map(({ id }) => id)
  assert.deepEqual(
    ids.toSorted((a = 0, b = 0) => a - b),
    Array.from({ length: 200 }, (_, id) => id),
  )
  socket.terminate()
})

test('a reader that stops reading is dropped, with the reason in the log', async () => {
  const raw = connect(chain.rpc.port, '127.0.0.1')
  await once(raw, 'connect')
  raw.write(
    `GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  await once(raw, 'data')
  const body = Buffer.from(
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'eth_getBlockByNumber',
      params: ['latest', true],
    }),
  )
  const mask = Buffer.alloc(4)
  const frame = Buffer.concat([
    Buffer.of(0x81, 0x80 | 126, body.length >> 8, body.length & 255),
    mask,
    body,
  ])
  raw.pause()
  // The server resets the connection: an error here, which `once` would throw.
  const closed = new Promise((resolve) => raw.once('close', resolve))
  raw.on('error', () => {})
  while (warnings.length === 0 && !raw.destroyed) {
    raw.write(Buffer.concat(Array.from({ length: 500 }, () => frame)))
    await new Promise((resolve) => setImmediate(resolve))
  }
  raw.resume()
  await closed
  assert.match(warnings[0]?.message ?? '', /reads too slowly/)
  assert.equal(chain.rpc.status().webSockets, 0)
})
