import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { NodeConfig, startNode } from '@quoin/node'

let dataDir: string

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'quoin-node-'))
})

after(() => rm(dataDir, { recursive: true, force: true }))

const configOf = (more: object = {}) =>
  NodeConfig.parse({ dataDir, gatewayPort: 0, rpcPort: 0, blockTimeMs: 50, ...more })

async function healthOf(
  gatewayUrl: string | null,
): Promise<{ code: number; status: string; missing: string[]; height: number; models: string[] }> {
  const response = await fetch(`${gatewayUrl}/health`)
  return { code: response.status, ...(await response.json()) }
}

test('a node says what is missing until it is ready, and a second start goes on from the same state', async () => {
  const first = await startNode({ config: configOf() })
  const early = await healthOf(first.gatewayUrl)
  assert.equal(early.code, 503)
  assert.ok(early.missing.length > 0)
  await first.ready()
  const ready = await healthOf(first.gatewayUrl)
  assert.equal(ready.code, 200)
  assert.ok(ready.height > 0, 'writing the registry made blocks')
  assert.ok(ready.models.includes('use-lite'))
  await first[Symbol.asyncDispose]()

  const second = await startNode({ config: configOf() })
  await second.ready()
  const again = await healthOf(second.gatewayUrl)
  assert.equal(second.provider, first.provider)
  assert.ok(again.height >= ready.height)
  assert.deepEqual(second.services, first.services)
  await second[Symbol.asyncDispose]()
})

test('a second node on the same folder is refused, and the first is not disturbed', async () => {
  await using node = await startNode({ config: configOf() })
  await assert.rejects(startNode({ config: configOf() }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'DATA_FOLDER_IN_USE')
    assert.match(error.message, new RegExp(`process ${process.pid}`))
    return true
  })
  await node.ready()
  assert.equal((await healthOf(node.gatewayUrl)).code, 200)
})

test('a port in use is refused by its number, and the folder is free again', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1')
  t.after(() => holder.close())
  await new Promise((resolve) => holder.once('listening', resolve))
  const address = holder.address()
  assert.ok(typeof address === 'object' && address !== null)
  const taken = new RegExp(String(address.port))
  await assert.rejects(startNode({ config: configOf({ rpcPort: address.port }) }), {
    code: 'PORT_IN_USE',
    message: taken,
  })
  await assert.rejects(startNode({ config: configOf({ gatewayPort: address.port }) }), {
    code: 'PORT_TAKEN',
    message: taken,
  })
  await using node = await startNode({ config: configOf() })
  await node.ready()
})
