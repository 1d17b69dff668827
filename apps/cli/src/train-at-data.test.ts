import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { licenceKeyOf } from '@quoin/exchange'
import { jobHash, parseJob, signJob } from '@quoin/jobs'
import { type Hex, hexToBytes } from '@quoin/kernel'
import { artifactIdOf, createLedger } from '@quoin/ledger'
import { developmentAccount } from '@quoin/node'
import { TcpProxy } from '@quoin/testing'
import { privateKeyToAccount } from 'viem/accounts'
import { firstDocument, quoin, startNode } from './test-support/run-quoin.ts'

const seen: Uint8Array[] = []
let folder: string
let node: ChildProcess
let up: { rpcUrl: string; gatewayUrl: string; provider: Hex }
let proxy: TcpProxy
let url: string
let cid: string

const owner = () => ['--data-dir', join(folder, 'owner')]
const buyer = () => ['--data-dir', join(folder, 'buyer'), '--rpc-url', up.rpcUrl]

async function quoinJson(args: string[]) {
  const { code, stdout, stderr } = await quoin([...args, '--json'])
  assert.equal(code, 0, stderr + stdout)
  return JSON.parse(stdout)
}

/** Two kinds of patients; each row is like no other text. */
const rows = Array.from({ length: 240 }, (_, row) => {
  const dose = (row * 7919) % 97
  const age = ((row * 104_729) % 8999) / 100
  return `${dose},${age},${dose + (row % 7) > 50 ? 'ill' : 'well'}`
})

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-at-data-'))
  node = startNode(join(folder, 'owner'))
  up = await firstDocument(node)
  proxy = await TcpProxy.open({
    port: Number(new URL(up.gatewayUrl).port),
    onBytes: (bytes) => seen.push(bytes),
  })
  url = `http://127.0.0.1:${proxy.port}`
  const table = join(folder, 'patients.csv')
  await writeFile(table, `dose,age,state\n${rows.join('\n')}\n`)
  cid = (await quoinJson(['data', 'publish', table, '--encrypt', ...owner()])).cid
})

after(async () => {
  await proxy?.[Symbol.asyncDispose]()
  node.kill('SIGKILL')
  await once(node, 'exit')
  await rm(folder, { recursive: true, force: true })
})

function train(directory: string) {
  const flags = ['--at-data', '-o', join(folder, directory), '--from', url, '--json', ...buyer()]
  return quoin(['train', cid, '--target', 'state', '--algorithm', 'logistic', ...flags])
}

test('without a right nothing is trained, and the refusal says where to buy one', async () => {
  const { code, stderr, stdout } = await train('without')
  assert.notEqual(code, 0)
  assert.match(stderr + stdout, /no right to train on .*quoin licence list/)
})

test('who may train and not download gets a model, registers it, and never sees a row', async () => {
  const terms = ['--purpose', 'train', '--price', '2', '--royalty', '10%']
  const { offerId } = await quoinJson(['licence', 'offer', cid, ...terms, ...owner()])
  await quoinJson(['licence', 'buy', offerId, ...buyer()])
  const get = ['data', 'get', cid, '--from', url, '-o', join(folder, 'stolen.csv'), ...buyer()]
  assert.match((await quoin(get)).stderr, /no right to download/)

  const { code, stdout, stderr } = await train('made')
  assert.equal(code, 0, stderr + stdout)
  const job = JSON.parse(stdout)
  assert.ok(job.metrics.test.accuracy > job.baseline.test.accuracy + 0.2)
  await using ledger = createLedger({ rpcUrl: up.rpcUrl, chainId: 31402 })
  const model = artifactIdOf(job.outputs[0].cid)
  const entry = await ledger.registry.artifact(model)
  assert.equal(entry?.owner.toLowerCase(), developmentAccount.address.toLowerCase())
  assert.deepEqual(entry?.parents, [artifactIdOf(cid)])
  const derivation = await ledger.lineage.derivation(model)
  assert.equal(derivation?.runner.toLowerCase(), up.provider)
  assert.equal(derivation?.totalBasisPoints, 1000)

  // The same again changes nothing.
  const again = await train('made')
  assert.equal(again.code, 0, again.stderr)
  const flags = ['--target', 'state', '--at-data', '-o', join(folder, 'made'), ...buyer()]
  assert.match((await quoin(['train', job.outputs[1].cid, ...flags])).stderr, /another table/)

  const traffic = Buffer.concat(seen)
  const made = await readdir(join(folder, 'made'))
  const files = await Promise.all(made.map((name) => readFile(join(folder, 'made', name))))
  assert.deepEqual(made.sort(), ['job.json', 'model.onnx', 'report.json', 'ticket.json'])
  for (const row of rows)
    for (const bytes of [traffic, ...files])
      assert.equal(Buffer.from(bytes).includes(row), false, row)
  const plain = files[made.indexOf('model.onnx')] ?? Buffer.alloc(0)
  assert.equal(traffic.includes(plain.subarray(0, 64)), false, 'the model went encrypted')
  const left = await readdir(join(folder, 'owner', 'jobs', job.id))
  assert.deepEqual(left.sort(), ['kept', 'record.json'])
})

test('what could carry rows away is refused before it runs', async () => {
  const job = JSON.parse(await readFile(join(folder, 'made', 'job.json'), 'utf8'))
  const program = { kind: 'program', program: 'table', arguments: [] }
  const pipeline = {
    kind: 'quoin/pipeline/1',
    inputs: { table: { cid, format: 'csv' } },
    steps: [{ table: 'all', sql: 'select * from "table"' }],
    outputs: { all: { table: 'all', format: 'csv' } },
  }
  const listing = structuredClone(job)
  listing.work.declaration.features = [
    { kind: 'categorical', columns: ['age', 'dose'], maxCategories: 10_000 },
  ]
  const large = structuredClone(job)
  large.outputs[0].maxBytes = 1 << 30
  const slow = { ...job, limits: { wallMs: 7_200_000 } }
  const dataset = [{ name: 'all', kind: 'dataset', maxBytes: 1000 }]
  const cases: [object, RegExp][] = [
    [{ ...job, work: program, outputs: dataset }, /only built-in trainings/],
    [{ ...job, work: { kind: 'pipeline', pipeline }, outputs: dataset }, /only built-in trainings/],
    [listing, /listed in the model has 100 at most/],
    [large, /the output model may have/],
    [slow, /may take 600 s at most/],
  ]
  for (const [order, says] of cases) assert.match(await send(order), says)
  const used = await signed(job)
  const post = () => submit({ job, request: used })
  assert.match(await (await submit({ job: slow, request: used })).text(), /did not sign it/)
  assert.equal((await post()).status, 201)
  assert.match(await (await post()).text(), /used before/)
  const { id } = await (await submit({ job, request: await signed(job) })).json()
  const other = await fetch(`${url}/v1/licensed-jobs/${id}`, {
    headers: { authorization: 'Bearer of-someone-else' },
  })
  assert.equal(other.status, 404)
})

async function signed(job: object) {
  const key = hexToBytes(developmentAccount.privateKey)
  const place = { chainId: 31402, node: up.provider, declaration: jobHash(parseJob(job)) }
  const signer = privateKeyToAccount(developmentAccount.privateKey)
  return signJob(signer, licenceKeyOf(key).publicKey, place)
}

function submit(body: object): Promise<Response> {
  return fetch(`${url}/v1/licensed-jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function send(job: object): Promise<string> {
  return (await submit({ job, request: await signed(job) })).text()
}
