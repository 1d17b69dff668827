import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { NodeConfig, startNode } from '@quoin/node'

const example = fileURLToPath(new URL('../examples/pay-with-openai.ts', import.meta.url))

test('the example program pays for two calls and finds its receipts valid', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-example-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const config = NodeConfig.parse({ dataDir, gatewayPort: 0, rpcPort: 0, blockTimeMs: 50 })
  await using node = await startNode({ config })
  await node.ready()
  assert.ok(node.gatewayUrl)
  const { stdout } = await promisify(execFile)(process.execPath, [
    example,
    node.gatewayUrl,
    node.rpcUrl,
  ])
  assert.match(stdout, /^512 numbers for \d+ tokens\n/)
  assert.equal(stdout.match(/atomic units: valid/g)?.length, 2)
  assert.ok(!stdout.includes('NOT VALID'))
})
