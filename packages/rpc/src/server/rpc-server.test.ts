import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { CodedError } from '@quoin/kernel'
import { WebSocket } from 'ws'
import { openDevChain } from '../testing/dev-chain.ts'
import { createRpcServer } from './rpc-server.ts'

const chain = await openDevChain({
  origins: ['https://good.example'],
  limits: { bodyBytes: 20_000, batchItems: 10, batchCharacters: 600 },
})
after(() => chain[Symbol.asyncDispose]())

const json = { 'content-type': 'application/json' }

async function post(body: string, headers: Record<string, string> = json) {
  const response = await fetch(chain.url, { method: 'POST', headers, body })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text }
}

const request = (method: string, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params: [] })

test('a single request is answered with its own id', async () => {
  for (const id of [7, 'seven', null, 1.5]) {
    const { text } = await post(JSON.stringify(request('eth_chainId', id)))
    assert.deepEqual(JSON.parse(text), { jsonrpc: '2.0', id, result: '0x7aaa' })
  }
})

test('a batch is answered in order, notifications with nothing', async () => {
  const { jsonrpc, method } = request('eth_chainId')
  const { text } = await post(
    JSON.stringify([
      request('net_version', 1),
      { jsonrpc, method },
      request('eth_nothing', 'b'),
      5,
    ]),
  )
  assert.deepEqual(JSON.parse(text), [
    { jsonrpc: '2.0', id: 1, result: '31402' },
    {
      jsonrpc: '2.0',
      id: 'b',
      error: { code: -32601, message: 'the method eth_nothing does not exist/is not available' },
    },
    { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'invalid request' } },
  ])
  const alone = await post(JSON.stringify({ jsonrpc, method }))
  assert.deepEqual([alone.status, alone.text], [200, ''])
})

test('what is not JSON-RPC is refused by its kind', async () => {
  const codeOf = async (body: string) => JSON.parse((await post(body)).text).error.code
  assert.equal(await codeOf('{"jsonrpc":'), -32700)
  assert.equal(await codeOf(''), -32700)
  assert.equal(await codeOf('[]'), -32600)
  assert.equal(await codeOf('"eth_chainId"'), -32600)
  assert.equal(await codeOf('{"id":1}'), -32600)
  assert.equal(await codeOf('{"id":{},"method":"eth_chainId"}'), -32600)
  assert.equal(await codeOf('{"id":1,"method":"eth_chainId","params":{}}'), -32602)
  assert.equal(await codeOf('{"id":1,"method":"eth_chainId","params":[1]}'), -32602)
  assert.equal(await codeOf('{"id":1,"method":"__proto__"}'), -32601)
  assert.equal(await codeOf('{"id":1,"method":"toString"}'), -32601)
})

test('an oversized body is refused with 413, announced or not', async () => {
  const announced = await post(' '.repeat(20_001))
  assert.equal(announced.status, 413)
  assert.match(announced.text, /"code":-32600,"message":"request too large: at most 20000 bytes"/)
  const stream = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(8192).fill(32))
    },
  })
  const endless = await fetch(chain.url, {
    method: 'POST',
    headers: json,
    body: stream,
    duplex: 'half',
  } as RequestInit).then(
    ({ status }) => status,
    () => 413,
  )
  assert.equal(endless, 413)
})

test('a batch over its limits is refused, or cut where its answers grow too long', async () => {
  const many = await post(JSON.stringify(Array.from({ length: 11 }, (_, id) => request('x', id))))
  assert.match(
    many.text,
    /^\[\{"jsonrpc":"2.0","id":0,"error":\{"code":-32600,"message":"batch too large/,
  )
  const long = await post(
    JSON.stringify(
      [1, 2, 3].map((id) => ({ ...request('eth_getBlockByNumber', id), params: ['latest'] })),
    ),
  )
  const answers = JSON.parse(long.text)
  assert.ok(answers[0].result)
  assert.deepEqual(
    answers.slice(1).map((answer: { error?: { code: number } }) => answer.error?.code),
    [-32003, -32003],
  )
})

test('other methods and content types are refused as geth refuses them', async () => {
  assert.equal((await fetch(chain.url)).status, 405)
  assert.equal((await post('{}', { 'content-type': 'text/plain' })).status, 415)
})

test('pages of allowed origins may connect, others may not', async () => {
  const origin = 'https://good.example'
  const preflight = await fetch(chain.url, { method: 'OPTIONS', headers: { origin } })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), origin)
  const body = JSON.stringify(request('eth_chainId'))
  const allowed = await post(body, { ...json, origin })
  assert.equal(allowed.headers.get('access-control-allow-origin'), origin)
  const foreign = await post(body, { ...json, origin: 'https://evil.example' })
  assert.equal(foreign.status, 403)
  assert.equal(foreign.headers.get('access-control-allow-origin'), null)
  const socket = new WebSocket(chain.rpc.webSocketUrl, { origin: 'https://evil.example' })
  const [error] = await once(socket, 'error')
  assert.match(String(error), /403/)
})

test('a taken port is told as such', async () => {
  const { execution } = chain
  await assert.rejects(
    createRpcServer({ execution, host: '127.0.0.1', port: chain.rpc.port }),
    (error) => error instanceof CodedError && error.code === 'PORT_IN_USE',
  )
})

test('a stop waits for answers that are under way and then closes every connection', async () => {
  const { execution } = chain
  const server = await createRpcServer({ execution, host: '127.0.0.1', port: 0 })
  const idle = connect(server.port, '127.0.0.1')
  await once(idle, 'connect')
  const socket = new WebSocket(server.webSocketUrl)
  await once(socket, 'open')
  const answer = fetch(server.url, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ ...request('eth_getBlockByNumber'), params: ['latest', true] }),
  })
  const closed = [once(idle, 'close'), once(socket, 'close')]
  assert.equal((await answer).status, 200)
  await server[Symbol.asyncDispose]()
  await Promise.all(closed)
})
