import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { artifactIdOf, createLedger, type Ledger } from '@quoin/ledger'
import { developmentAccount } from '@quoin/node'
import { privateKeyToAccount } from 'viem/accounts'
import { firstDocument, quoin, startNode } from './test-support/run-quoin.ts'

let folder: string
let dataDir: string
let node: ChildProcess
let rpcUrl: string
let table: string

async function up(): Promise<void> {
  node = startNode(dataDir)
  rpcUrl = (await firstDocument(node)).rpcUrl
}

/** Runs a command on the test's node; its one JSON document. */
async function quoinJson(...args: string[]) {
  const { code, stdout, stderr } = await quoin([...args, '--json', '--data-dir', dataDir])
  assert.equal(code, 0, stderr + stdout)
  return JSON.parse(stdout)
}

/** What a command that fails says. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stderr } = await quoin([...args, '--data-dir', dataDir])
  assert.notEqual(code, 0)
  return stderr
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

async function publish(name: string, content: string, ...flags: string[]): Promise<string> {
  return (await quoinJson('data', 'publish', await file(name, content), ...flags)).cid
}

function openLedger(): Ledger {
  const account = privateKeyToAccount(developmentAccount.privateKey)
  return createLedger({ rpcUrl, chainId: 31402, account })
}

/** Two kinds of flowers, told apart by their petals but for a few. */
const flowers = `petal,sepal,colour,kind\n${Array.from({ length: 240 }, (_, row) => {
  const petal = (row * 7919) % 97
  const sepal = (row * 104_729) % 89
  const colour = ['red', 'white', 'blue'][row % 3]
  return `${petal},${sepal / 10},${colour},${petal + (row % 7) > 50 ? 'rose' : 'lily'}`
}).join('\n')}\n`

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-job-'))
  dataDir = join(folder, 'node')
  await up()
  table = await publish('flowers.csv', flowers, '--encrypt')
})

after(async () => {
  if (node.exitCode === null && node.signalCode === null) {
    node.kill('SIGKILL')
    await once(node, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
})

test('a table is processed, trained on twice to the same model, and the chain knows of what it is made', async () => {
  const pipeline = await file(
    'pipeline.json',
    JSON.stringify({
      kind: 'quoin/pipeline/1',
      inputs: { flowers: { cid: table, format: 'csv' } },
      steps: [{ table: 'clean', sql: "select * from flowers where colour <> 'blue'" }],
      outputs: { clean: { table: 'clean', format: 'parquet' } },
    }),
  )
  const made = await quoinJson('data', 'process', pipeline, '--no-encrypt')
  const [clean] = made.outputs
  assert.equal(clean.isEncrypted, false)
  const order = ['train', clean.cid, '--target', 'kind', '--algorithm', 'logistic']
  const first = await quoinJson(...order)
  const second = await quoinJson(...order)
  assert.deepEqual(
    second.outputs.map(({ cid }: { cid: string }) => cid),
    first.outputs.map(({ cid }: { cid: string }) => cid),
  )
  assert.ok(first.metrics.test.accuracy > first.baseline.test.accuracy + 0.2)
  const [model, report] = first.outputs
  assert.equal(report.transaction, null)
  await using ledger = openLedger()
  const id = artifactIdOf(model.cid)
  assert.deepEqual((await ledger.registry.artifact(id))?.parents, [artifactIdOf(clean.cid)])
  assert.equal((await ledger.lineage.derivation(id))?.declaration, first.declarationHash)
  assert.equal((await ledger.lineage.derivation(id))?.depth, 2)
  const page = join(folder, 'report.html')
  await quoinJson('job', 'report', first.id, '-o', page)
  assert.match(await readFile(page, 'utf8'), /^<!doctype html>/i)
  // The declaration is an artifact whose bytes have the hash that the chain has.
  const declaration = join(folder, 'declaration.json')
  await quoinJson('data', 'get', first.declarationCid, '-o', declaration)
  const hash = createHash('sha256')
    .update(await readFile(declaration))
    .digest('hex')
  assert.equal(`0x${hash}`, first.declarationHash)
})

test('what is made of something encrypted is encrypted, and no row of it lies on the disk afterwards', async () => {
  const done = await quoinJson('train', table, '--target', 'kind', '--algorithm', 'logistic')
  assert.equal(done.outputs[0].isEncrypted, true)
  const row = flowers.split('\n')[1] ?? ''
  for await (const path of filesOf(dataDir))
    assert.equal((await readFile(path)).includes(row), false, path)
})

test('a training goes on after kill -9 of its node, to the model that an undisturbed one makes', async () => {
  const job = await quoinJson('train', table, '--target', 'kind', '--algorithm', 'mlp', '--dry-run')
  job.work.declaration.algorithm.epochs = 1500
  const path = await file('long.json', JSON.stringify(job))
  const { id } = await quoinJson('job', 'run', path, '--detach', '--no-encrypt')
  await untilJob(id, ({ progress }) => (progress?.done ?? 0) > 300)
  const killed = once(node, 'exit')
  node.kill('SIGKILL')
  await killed
  await up()
  const ended = await untilJob(id, ({ endedMs }) => endedMs !== null)
  assert.equal(ended.status, 'done', JSON.stringify(ended.error))
  assert.equal(ended.attempts, 2)
  const again = await quoinJson('job', 'run', path, '--no-encrypt')
  assert.equal(again.outputs[0].cid, ended.outputs[0].cid)
  assert.equal(again.outputs[1].cid, ended.outputs[1].cid)
})

test('a program sees its inputs and no network, and a job that is cancelled stays so', async () => {
  const source = `
    import { readFile, writeFile } from 'node:fs/promises'
    const rows = (await readFile('/inputs/table', 'utf8')).trim().split('\\n').length - 1
    const reached = await fetch(process.argv[2]).then(() => true, () => false)
    console.log('counted')
    if (process.argv[3] === 'wait') await new Promise((resolve) => setTimeout(resolve, 600_000))
    await writeFile('/outputs/answer', JSON.stringify({ rows, reached }))
  `
  const program = await publish('count.mjs', source, '--kind', 'program')
  const job = (...more: string[]) => ({
    kind: 'quoin/job/1',
    work: { kind: 'program', program: 'program', arguments: [rpcUrl, ...more] },
    inputs: [
      { name: 'program', cid: program },
      { name: 'table', cid: table },
    ],
    outputs: [{ name: 'answer', kind: 'other', maxBytes: 100 }],
  })
  const done = await quoinJson('job', 'run', await file('count.json', JSON.stringify(job())))
  const answer = join(folder, 'answer.json')
  await quoinJson('job', 'output', done.id, 'answer', '-o', answer)
  assert.deepEqual(JSON.parse(await readFile(answer, 'utf8')), { rows: 240, reached: false })

  const path = await file('wait.json', JSON.stringify(job('wait')))
  const { id } = await quoinJson('job', 'run', path, '--detach')
  await untilJob(id, ({ log }) => log.includes('counted'))
  assert.equal((await quoinJson('job', 'cancel', id)).status, 'cancelled')
  assert.equal((await quoinJson('job', 'show', id)).status, 'cancelled')
})

test('who has no right to train is told so by the contract, before any work', async () => {
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  await using ledger = openLedger()
  await ledger.registry.publishArtifact({ cid, kind: 'data-set' })
  const job = await quoinJson('train', table, '--target', 'kind', '--dry-run')
  job.inputs = [{ name: 'table', cid }]
  const before = await quoinJson('job', 'list')
  const words = await refusal('job', 'run', await file('foreign.json', JSON.stringify(job)))
  assert.match(words, /RightMissing/)
  assert.match(words, /buy a right with that purpose/)
  assert.deepEqual(await quoinJson('job', 'list'), before)
})

test('bad tables end with an error that names what is wrong, and nothing is registered', async () => {
  const oneClass = flowers.replaceAll('lily', 'rose')
  const infinite = flowers.replace('\n0,', '\ninf,')
  const bad = [
    { name: 'one-class.csv', content: oneClass, says: /one class|only .*rose/i },
    { name: 'infinite.csv', content: infinite, says: /petal/ },
  ]
  for (const { name, content, says } of bad) {
    const cid = await publish(name, content)
    const before = await quoinJson('data', 'list')
    const words = await refusal('train', cid, '--target', 'kind', '--algorithm', 'logistic')
    assert.match(words, says, name)
    assert.deepEqual(await quoinJson('data', 'list'), before)
  }
  const before = await quoinJson('data', 'list')
  const broken = [
    { name: 'ragged.csv', content: `${flowers}1,2\n`, says: /line 242/ },
    { name: 'empty.csv', content: '', says: /empty|header/ },
    { name: 'short.parquet', content: 'PAR1 and no more', says: /short\.parquet|parquet/i },
  ]
  for (const { name, content, says } of broken)
    assert.match(await refusal('data', 'publish', await file(name, content)), says, name)
  assert.deepEqual(await quoinJson('data', 'list'), before)
})

interface JobState {
  progress: { done: number } | null
  endedMs: number | null
  log: string[]
}

async function untilJob(id: string, isSo: (job: JobState) => boolean) {
  const limit = performance.now() + 60_000
  for (;;) {
    const job = await quoinJson('job', 'show', id)
    if (isSo(job)) return job
    assert.ok(performance.now() < limit, JSON.stringify({ ...job, curve: [] }))
    await delay(100)
  }
}

async function* filesOf(path: string): AsyncGenerator<string> {
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) yield join(entry.parentPath, entry.name)
}
