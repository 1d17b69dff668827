import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { artifactIdOf } from '@quoin/ledger'
import { type Node, NodeConfig, startNode } from '@quoin/node'
import type { SignedReceipt } from '@quoin/protocol'
import { chainAccessOf, payingFetch } from '@quoin/sdk'
import { keccak256, toHex } from 'viem'
import { flower, trainIris } from './deployed-models/iris-model.ts'
import { createParties, license, offer, publishLineage } from './deployed-models/parties.ts'

let folder: string
let node: Node
let parties: Awaited<ReturnType<typeof createParties<'owner' | 'trainer' | 'runner' | 'consumer'>>>
const models = { first: await trainIris(20), second: await trainIris(40) }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-deployed-'))
  await writeFile(join(folder, 'first.onnx'), models.first.bytes)
  await writeFile(join(folder, 'second.onnx'), models.second.bytes)
  node = await start()
  parties = await createParties(node, ['owner', 'trainer', 'runner', 'consumer'])
})
after(async () => {
  await parties?.[Symbol.asyncDispose]()
  await node?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<Node> {
  const config = NodeConfig.parse({
    ...{ dataDir: join(folder, 'node'), gatewayPort: 0, rpcPort: 0, blockTimeMs: 50 },
    ...{ settleIntervalMs: 3_600_000, anchorIntervalMs: 3_600_000 },
  })
  const started = await startNode({ config })
  await started.ready()
  return started
}

async function operate(path: string, body?: object) {
  const token = await readFile(join(folder, 'node', 'admin-token'), 'utf8')
  const response = await fetch(`${node.gatewayUrl}/quoin/admin/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token.trim()}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}

/** The command line of an outsider, who has the node's address alone. */
async function quoinJson(...args: string[]) {
  const client = ['--json', '--data-dir', join(folder, 'client'), '--rpc-url', node.rpcUrl]
  const launcher = fileURLToPath(new URL('../bin/quoin.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [launcher, ...args, ...client])
  return JSON.parse(stdout)
}

function payer() {
  const { consumer } = parties
  const receipts: SignedReceipt[] = []
  const pay = payingFetch(consumer.account, {
    cap: 10_000_000n,
    expiry: Math.floor(Date.now() / 1000) + 3600,
    chain: chainAccessOf(consumer.ledger),
    onReceipt: (receipt) => receipts.push(receipt),
  })
  const call = async (extra = 0, path = 'iris/infer') => {
    const response = await pay(`${node.gatewayUrl}/v2/models/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(flower(extra)),
    })
    assert.equal(response.status, 200, await response.clone().text())
    const body = await response.json()
    const receipt = receipts.at(-1)
    assert.ok(receipt)
    return { body, receipt: receipt.receipt }
  }
  return { call, receipts }
}

test('a model that was trained from licensed data is deployed, and each call pays everybody', async () => {
  const { owner, trainer, runner, consumer } = parties
  const declaration = keccak256(toHex('declaration'))
  const cids = { data: 'bafy-irises', model: models.first.cid, declaration }
  const { modelId } = await publishLineage({ owner, trainer, runner }, cids)
  const offerId = await offer(trainer, modelId, 3_000)
  const order = { name: 'iris', file: join(folder, 'first.onnx'), callAtomic: '1000' }
  const unlicensed = await operate('models', order)
  assert.equal(unlicensed.status, 409, JSON.stringify(unlicensed.body))
  await license(offerId, consumer, node.provider)
  const deployed = await operate('models', order)
  assert.equal(deployed.status, 200, JSON.stringify(deployed.body))
  const [version] = deployed.body.versions
  assert.equal(version.modelCid, models.first.cid)

  const { call } = payer()
  const amounts = []
  for (const extra of [0, 0.1, 0.2]) {
    const { body, receipt } = await call(extra)
    assert.equal(body.model_version, '1')
    const [label] = body.outputs.filter(({ name }: { name: string }) => name === 'label')
    assert.deepEqual(label.data, ['setosa'])
    assert.equal(receipt.modelCidHash, artifactIdOf(models.first.cid))
    assert.equal(receipt.runtimeId, version.runtimeId)
    amounts.push(receipt.amount)
  }
  assert.deepEqual(amounts, [1000n, 1000n, 1000n])
  const { status, body } = await operate('settle')
  assert.equal(status, 200)
  assert.equal(body.paidAtomic, '3000')

  const service = await consumer.ledger.registry.service(version.serviceId)
  const shared = async (who: string) => {
    const { totals } = await quoinJson('earnings', who)
    return BigInt(totals.owedAtomic) + BigInt(totals.comingAtomic)
  }
  assert.deepEqual(
    [await shared(owner.address), await shared(trainer.address), await shared(node.provider)],
    [600n, 900n, 1500n],
  )
  const before = await consumer.ledger.credit.balanceOf(owner.address)
  const paid = await quoinJson('earnings', 'withdraw', owner.address)
  assert.equal(paid.amount, '600')
  assert.equal(await consumer.ledger.credit.balanceOf(owner.address), before + 600n)
  assert.equal((await quoinJson('earnings', 'withdraw', owner.address)).amount, '0')
  assert.equal((await quoinJson('earnings', 'withdraw', trainer.address)).amount, '900')
  const { incomes, proven } = await quoinJson('earnings', trainer.address, '--verify')
  const [income] = incomes.filter(({ withdrawnAtomic }: Income) => withdrawnAtomic === '900')
  assert.equal(income.source.kind, 'service')
  assert.equal(income.splitId, service?.split)
  assert.equal(income.payments[0].amountAtomic, '3000')
  assert.ok(proven >= 1)
})

interface Income {
  withdrawnAtomic: string
}

test('a canary answers its share, an explicit version always the same, and a rollback is at once', async () => {
  const order = { name: 'iris', file: join(folder, 'second.onnx'), callAtomic: '1000' }
  const again = await operate('models', { ...order, version: '1' })
  assert.equal(again.status, 400)
  const { body: canary } = await operate('models', { ...order, canary: 0.5 })
  assert.deepEqual(canary.canary, { version: '2', share: 0.5 })
  const { call } = payer()
  const answered = new Map<string, number>()
  for (let at = 0; at < 12; at++) {
    const { body, receipt } = await call(at / 100)
    const version = body.model_version
    const model = version === '1' ? models.first : models.second
    assert.equal(receipt.modelCidHash, artifactIdOf(model.cid))
    answered.set(version, (answered.get(version) ?? 0) + 1)
  }
  assert.deepEqual([...answered.keys()].sort(), ['1', '2'])
  const versionOf = async (path?: string) => (await call(0.5, path)).body.model_version
  assert.equal(await versionOf('iris/versions/2/infer'), '2')
  assert.equal((await operate('models/iris/promote')).body.current, '2')
  assert.equal(await versionOf(), '2')
  assert.equal((await operate('models/iris/rollback')).body.current, '1')
  assert.equal(await versionOf(), '1')
  assert.equal((await operate('models/iris/rollback')).status, 409)
})

test('after a restart the same versions are served for the same price, whatever else lies there', async () => {
  const list = async () => (await fetch(`${node.gatewayUrl}/quoin/models`)).json()
  const earlier = await list()
  await node[Symbol.asyncDispose]()
  await writeFile(join(folder, 'node', 'models', 'damaged.json'), '{"name": "dam')
  node = await start()
  assert.deepEqual(await list(), earlier)
})

test('a file that is no model, or a dangerous one, is refused, and what is served goes on', async () => {
  const deploy = async (bytes: Uint8Array | string) => {
    await writeFile(join(folder, 'bad.onnx'), bytes)
    return operate('models', { name: 'bad', file: join(folder, 'bad.onnx'), callAtomic: '1' })
  }
  for (const bad of [
    '',
    'not a model',
    models.first.bytes.subarray(0, 500),
    Buffer.from(models.first.bytes).toString('latin1').replaceAll('Gemm', 'Loop'),
  ]) {
    const { status, body } = await deploy(bad)
    assert.equal(status, 400, JSON.stringify(body))
    assert.equal(body.error.code, 'model_refused')
  }
  const poisoned = Uint8Array.from(models.first.bytes)
  for (let at = 200; at < 400; at++) poisoned[at] = (poisoned[at] ?? 0) ^ 0x55
  assert.equal((await deploy(poisoned)).body.error.code, 'model_refused')
  const { status } = await operate('models', { name: 'gone', file: '/nowhere.onnx' })
  assert.equal(status, 400)
  assert.equal((await fetch(`${node.gatewayUrl}/health`)).status, 200)
  const { models: served } = await (await fetch(`${node.gatewayUrl}/quoin/models`)).json()
  assert.deepEqual(
    served.map(({ name }: { name: string }) => name),
    ['iris'],
  )
})

test('a retired model is no more, here and in the registry', async () => {
  const { models: before } = await (await fetch(`${node.gatewayUrl}/quoin/models`)).json()
  assert.deepEqual((await operate('models/iris/retire', {})).body.retired, ['1', '2'])
  const gone = await fetch(`${node.gatewayUrl}/v2/models/iris`)
  assert.equal(gone.status, 404)
  await using parties = await createParties(node, ['reader'])
  const service = await parties.reader.ledger.registry.service(before[0].versions[0].serviceId)
  assert.equal(service?.active, false)
})
