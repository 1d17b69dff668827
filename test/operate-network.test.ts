import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../bin/quoin.mjs', import.meta.url))

interface Report {
  id: number
  pid: number | null
  state: string
  rpc: string
  monitor: string
  gateway: string | null
}

let dir: string

/** Runs a command to its end; its one JSON document. */
async function quoin(...args: string[]) {
  const child = spawn(process.execPath, [launcher, ...args, '--json'], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code, json: stdout === '' ? null : JSON.parse(stdout), stderr }
}

async function net(...args: string[]): Promise<Report[]> {
  const { code, json, stderr } = await quoin('net', ...args, '--dir', dir)
  assert.equal(code, 0, stderr)
  return json.nodes
}

const nodeOf = (nodes: readonly Report[], id: number): Report => {
  const found = nodes.find((node) => node.id === id)
  assert.ok(found, `node ${id}`)
  return found
}

async function ask(url: string, method: string, params: unknown[] = []) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const { result } = JSON.parse(await response.text())
  return result
}

async function heightOf({ rpc }: Report): Promise<number> {
  return Number(await ask(rpc, 'eth_blockNumber'))
}

async function hashAt({ rpc }: Report, height: number): Promise<string | null> {
  const block = await ask(rpc, 'eth_getBlockByNumber', [`0x${height.toString(16)}`, false])
  return block?.hash ?? null
}

/** Looks again until it is so; the limit is far beyond what it takes. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 60_000
  while (!(await isSo())) {
    assert.ok(performance.now() < limit, `${what}: not within a minute`)
    await delay(100)
  }
}

async function assertAgreement(nodes: readonly Report[]): Promise<void> {
  const height = Math.min(...(await Promise.all(nodes.map(heightOf))))
  for (let number = 0; number <= height; number++) {
    const hashes = await Promise.all(nodes.map((node) => hashAt(node, number)))
    assert.equal(new Set(hashes).size, 1, `all have the same block ${number}`)
    assert.ok(hashes[0])
  }
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'quoin-net-'))
})

after(async () => {
  await quoin('net', 'down', '--dir', dir)
  await rm(dir, { recursive: true, force: true })
})

test('a network of four runs the demo, outlives a kill, lets nodes come and go, and stops', async (t) => {
  const nodes = await net('up', '--validators', '4', '--detach')
  assert.deepEqual(
    nodes.map(({ id, state }) => [id, state]),
    [1, 2, 3, 4].map((id) => [id, 'running']),
  )

  await t.test('the demo finds all as it should be, unchanged', async () => {
    const demo = await quoin('demo', '--data-dir', join(dir, 'node-1'))
    assert.equal(demo.code, 0, demo.stderr)
    assert.equal(demo.json.ok, true)
  })

  await t.test('it makes blocks and takes payments with a node killed', async () => {
    const killed = await net('kill', '3')
    assert.deepEqual([nodeOf(killed, 3).state, nodeOf(killed, 3).pid], ['dead', null])
    const first = nodeOf(killed, 1)
    const before = await heightOf(first)
    const send = ['account', 'send', `0x${'12'.repeat(20)}`, '5', '--data-dir', join(dir, 'node-1')]
    const sent = await quoin(...send)
    assert.equal(sent.code, 0, sent.stderr)
    assert.ok((await heightOf(first)) > before)
  })

  await t.test('the node that was killed catches up with the others', async () => {
    const started = await net('start', '3')
    assert.equal(nodeOf(started, 3).state, 'running')
    const target = await heightOf(nodeOf(started, 1))
    await until('node 3 has what the others have', async () => {
      return (await heightOf(nodeOf(started, 3))) >= target
    })
    await assertAgreement(started)
  })

  await t.test('a node joins, follows and leaves', async () => {
    const added = await net('add')
    const target = await heightOf(nodeOf(added, 1))
    await until('node 5 has caught up', async () => (await heightOf(nodeOf(added, 5))) >= target)
    await assertAgreement(added)
    const left = await net('remove', '5')
    assert.deepEqual(
      left.map(({ id }) => id),
      [1, 2, 3, 4],
    )
    const refused = await quoin('net', 'remove', '4', '--dir', dir)
    assert.equal(refused.code, 4)
  })

  await t.test('every node says in its metrics how it does', async () => {
    const [node] = await net('status')
    assert.ok(node)
    const metrics = await (await fetch(`${node.monitor}/metrics`)).text()
    assert.match(metrics, /^quoin_validators 4$/m)
    assert.match(metrics, /^quoin_peers\{direction="(in|out)bound"\} [1-3]$/m)
    assert.match(metrics, /^quoin_consensus_votes_total [1-9]\d*$/m)
    assert.equal((await fetch(`${node.monitor}/health`)).status, 200)
    const ofGateway = await (await fetch(`${node.gateway}/metrics`)).text()
    assert.match(ofGateway, /^quoin_validators 4$/m)
    assert.match(ofGateway, /^quoin_gateway_request_seconds_count\{/m)
  })

  await t.test('it stops as a whole, and goes on from where it was', async () => {
    const height = await heightOf(nodeOf(await net('status'), 1))
    const down = await quoin('net', 'down', '--dir', dir)
    assert.deepEqual(down.json.stopped, [1, 2, 3, 4])
    for (const { state, pid } of await net('status'))
      assert.deepEqual([state, pid], ['stopped', null])
    const again = await net('up', '--detach')
    assert.ok((await heightOf(nodeOf(again, 2))) >= height)
    await assertAgreement(again)
  })
})

test('a network that is there is not made over, and one that is not is refused by name', async () => {
  const other = await quoin('net', 'up', '--validators', '7', '--dir', dir)
  assert.equal(other.code, 2)
  assert.match(other.stderr.replace(/\s+/g, ' '), /4 validators already, not with --validators 7/)
  const unknown = await quoin('net', 'kill', '9', '--dir', dir)
  assert.match(unknown.stderr, /there are 1, 2, 3, 4/)
  const nowhere = await quoin('net', 'status', '--dir', join(dir, 'nowhere'))
  assert.equal(nowhere.code, 2)
  assert.match(nowhere.stderr, /quoin net up/)
})
