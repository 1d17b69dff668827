import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bytesToHex } from '@quoin/kernel'
import { artifactIdOf, createLedger } from '@quoin/ledger'
import { openNodeKeys } from '@quoin/node/setup'
import { privateKeyToAccount } from 'viem/accounts'
import { fileCid } from './reproduce/compare-files.ts'
import { firstDocument, quoin, startNode } from './test-support/run-quoin.ts'

let folder: string
let dataDir: string
let node: ChildProcess
/** The CIDs of a table and of models made from it, one open and one encrypted. */
let made: { table: string; open: string; secret: string }

async function quoinJson(...args: string[]) {
  const { code, stdout, stderr } = await quoin([...args, '--json', '--data-dir', dataDir])
  assert.equal(code, 0, stderr + stdout)
  return JSON.parse(stdout)
}

const flowers = `petal,colour,kind\n${Array.from({ length: 120 }, (_, row) => {
  const petal = (row * 7919) % 97
  return `${petal},${['red', 'white'][row % 2]},${petal > 50 ? 'rose' : 'lily'}`
}).join('\n')}\n`

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-model-'))
  dataDir = join(folder, 'node')
  node = startNode(dataDir)
  await firstDocument(node)
  const path = join(folder, 'flowers.csv')
  await writeFile(path, flowers)
  const { cid: table } = await quoinJson('data', 'publish', path)
  const train = ['train', table, '--target', 'kind', '--algorithm', 'logistic']
  const modelOf = ({ outputs }: { outputs: { kind: string; cid: string }[] }) =>
    outputs.find(({ kind }) => kind === 'model')?.cid ?? ''
  const open = modelOf(await quoinJson(...train, '--no-encrypt'))
  const secret = modelOf(await quoinJson(...train, '--seed', '7', '--encrypt'))
  made = { table, open, secret }
})

after(async () => {
  if (node.exitCode === null) {
    node.kill('SIGKILL')
    await once(node, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
})

test('a model is deployed by its CID, called with rows, and its receipt names it', async () => {
  const deployed = await quoinJson(
    ...['model', 'deploy', made.open, '--name', 'flowers', '--price', '0.001'],
  )
  assert.equal(deployed.versions[0].modelCid, made.open)
  const rows = JSON.stringify([
    { petal: 90, colour: 'red' },
    { petal: 2, colour: 'white' },
  ])
  const { answer, receipt } = await quoinJson('call', 'flowers', rows)
  const [label] = answer.outputs.filter(({ name }: { name: string }) => name === 'label')
  assert.deepEqual(label.data, ['rose', 'lily'])
  assert.equal(receipt.modelCid, made.open)
  assert.equal(receipt.receipt.amount, '1000')
  const { models } = await quoinJson('model', 'list')
  assert.deepEqual(models, [deployed])
  const wrong = await quoin(['call', 'flowers', '{"petal": 1}', '--data-dir', dataDir])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /colour is missing/)
})

test('an encrypted model is a canary that the owner promotes, and nobody sees its file', async () => {
  const order = ['model', 'deploy', made.secret, '--name', 'flowers', '--price', '0.002']
  const { canary } = await quoinJson(...order, '--canary', '10%')
  assert.deepEqual(canary, { version: '2', share: 0.1 })
  assert.equal((await quoinJson('model', 'promote', 'flowers')).current, '2')
  const { receipt } = await quoinJson('call', 'flowers', '{"petal": 90, "colour": "red"}')
  assert.equal(receipt.modelCid, made.secret)
  assert.equal((await quoinJson('model', 'rollback', 'flowers')).current, '1')
  assert.deepEqual((await quoinJson('model', 'retire', 'flowers', '--version', '2')).retired, ['2'])
})

test('a lineage is shown as tree, picture and JSON', async () => {
  const svg = join(folder, 'lineage.svg')
  const { root, nodes } = await quoinJson('lineage', made.open, '--svg', svg)
  assert.deepEqual(
    nodes.map(({ cid }: { cid: string }) => cid),
    [made.open, made.table],
  )
  assert.equal(nodes[0].id, root)
  assert.match(await readFile(svg, 'utf8'), new RegExp(`data-set ${made.table}`))
  const { stdout } = await quoin(['lineage', made.open, '--data-dir', dataDir])
  assert.match(stdout, new RegExp(`^model ${made.open}[^]*└─ data-set ${made.table}`))
  const unknown = await quoin(['lineage', 'bafkreiunknown', '--data-dir', dataDir])
  assert.equal(unknown.code, 2)
})

test('a model is reproduced to the same CID, and an encrypted one to the same content', async () => {
  const open = await quoinJson('reproduce', made.open)
  assert.equal(open.isSame, true)
  assert.match(open.comparison.how, /has the CID/)
  const secret = await quoinJson('reproduce', made.secret)
  assert.equal(secret.isSame, true)
  assert.match(secret.comparison.how, /decrypted/)
  const origin = await quoin(['reproduce', made.table, '--data-dir', dataDir])
  assert.equal(origin.code, 4)
  assert.match(origin.stderr, /No job made/)
})

test('a model that its declaration does not make is found out', async () => {
  const bytes = await modelBytes(made.open)
  const last = bytes.length - 1
  bytes[last] = (bytes[last] ?? 0) ^ 1
  const path = join(folder, 'forged.onnx')
  await writeFile(path, bytes)
  const forged = await fileCid(path)
  const { provider } = await openNodeKeys(dataDir)
  const account = privateKeyToAccount(bytesToHex(provider))
  const { rpcUrl } = await quoinJson('status')
  await using ledger = createLedger({ rpcUrl, chainId: 31402, account })
  const derivation = await ledger.lineage.derivation(artifactIdOf(made.open))
  assert.ok(derivation)
  const { declaration, runner } = derivation
  const parents = [artifactIdOf(made.table)]
  const job = await ledger.lineage.signJobResult(account, {
    ...{ declaration, runner, publisher: account.address, inputs: parents },
    outputs: [{ artifact: artifactIdOf(forged), kind: 'model' }],
  })
  await ledger.registry.publishDerived({ cid: forged, kind: 'model', parents, job })
  const again = ['reproduce', forged, '--account', 'node', '--data-dir', dataDir]
  const unreadable = await quoin(again)
  assert.equal(unreadable.code, 4)
  assert.match(unreadable.stderr, /None of the outputs has the CID/)
  await quoinJson('data', 'publish', path, '--kind', 'model', '--open')
  const found = await quoin(again)
  assert.equal(found.code, 5)
  assert.match(found.stderr.replace(/\s+/g, ' '), new RegExp(`differs from byte ${last} on`))
})

async function modelBytes(cid: string): Promise<Uint8Array> {
  const path = join(folder, 'original.onnx')
  await quoinJson('data', 'get', cid, '-o', path)
  return new Uint8Array(await readFile(path))
}
