import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import type { EngineApi } from '@quoin/engine'
import { createBlockDriver } from '../testing/block-driver.ts'
import { openDevChain } from '../testing/dev-chain.ts'
import { createEngineServer } from './engine-server.ts'

const chain = await openDevChain()
after(() => chain[Symbol.asyncDispose]())
const secret = randomBytes(32)
const { execution } = chain
const server = await createEngineServer({ execution, host: '127.0.0.1', port: 0, secret })
after(() => server[Symbol.asyncDispose]())

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function token(claims: object, { key = secret, alg = 'HS256' } = {}): string {
  const body = `${base64({ alg, typ: 'JWT' })}.${base64(claims)}`
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`
}

const nowSeconds = () => Math.floor(Date.now() / 1000)

async function post(authorization: string | null, method: string, params: unknown[] = []) {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === null ? {} : { authorization }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return { status: response.status, text: await response.text() }
}

test('only fresh tokens signed with the secret are let in', async () => {
  const good = `Bearer ${token({ iat: nowSeconds() })}`
  assert.equal((await post(good, 'eth_chainId')).text, '{"jsonrpc":"2.0","id":1,"result":"0x7aaa"}')
  const bad: [string | null, RegExp][] = [
    [null, /missing token/],
    ['Bearer a.b', /malformed/],
    [`Bearer ${token({ iat: nowSeconds() }, { key: randomBytes(32) })}`, /invalid token signature/],
    [`Bearer ${token({ iat: nowSeconds() }, { alg: 'none' })}`, /not HS256/],
    [`Bearer ${token({ iat: nowSeconds() - 90 })}`, /stale/],
    [`Bearer ${token({ iat: nowSeconds() + 90 })}`, /stale/],
    [`Bearer ${token({})}`, /missing issued-at/],
  ]
  for (const [authorization, reason] of bad) {
    const { status, text } = await post(authorization, 'eth_chainId')
    assert.equal(status, 401)
    assert.match(text, reason)
  }
})

async function call(method: string, params: unknown[]) {
  const { text } = await post(`Bearer ${token({ iat: nowSeconds() })}`, method, params)
  const { result, error } = JSON.parse(text)
  if (error) throw Object.assign(new Error(error.message), { code: error.code })
  return result
}

test('a consensus client elsewhere drives blocks over HTTP', async () => {
  const remote: EngineApi = {
    forkchoiceUpdated: (...args) => call('engine_forkchoiceUpdatedV3', args),
    getPayload: (...args) => call('engine_getPayloadV4', args),
    newPayload: (...args) => call('engine_newPayloadV4', args),
  }
  const driver = createBlockDriver(remote, async () => {
    const { head, genesis } = execution.blocks
    return {
      hash: head.hash,
      number: `0x${head.number.toString(16)}`,
      timestamp: `0x${head.timestamp.toString(16)}`,
      genesisHash: genesis.hash,
    }
  })
  const hash = await driver.mine()
  assert.equal(execution.blocks.head.hash, hash)
})

test('an unknown payload has the Engine API’s number', async () => {
  await assert.rejects(call('engine_getPayloadV4', ['0x00000000000000ff']), { code: -38001 })
  await assert.rejects(call('engine_newPayloadV4', [{}, [], '0x', []]), { code: -32602 })
})
