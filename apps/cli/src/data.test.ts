import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { firstDocument, quoin, startNode } from './test-support/run-quoin.ts'

const content = `species,mass\n${'adelie,3700\ngentoo,5000\n'.repeat(50)}`

let folder: string
let dataDir: string
let table: string
let rpcUrl: string
let node: ChildProcess

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-data-'))
  dataDir = join(folder, 'node')
  table = join(folder, 'penguins.csv')
  await writeFile(table, content)
  node = startNode(dataDir)
  rpcUrl = (await firstDocument(node)).rpcUrl
})
after(async () => {
  if (node.exitCode === null) {
    node.kill('SIGKILL')
    await once(node, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
})

/** As the owner, whose node runs on the data folder; its one JSON document. */
async function own(...args: string[]) {
  return document(await quoin([...args, '--json', '--data-dir', dataDir]))
}

const asBuyer = (...args: string[]) =>
  quoin([...args, '--json', '--data-dir', join(folder, 'buyer'), '--rpc-url', rpcUrl])
async function buyer(...args: string[]) {
  return document(await asBuyer(...args))
}

function document({ code, stdout, stderr }: Awaited<ReturnType<typeof quoin>>) {
  assert.equal(code, 0, stderr || stdout)
  return JSON.parse(stdout)
}

test('an owner publishes and offers, a buyer is told how, buys, fetches and asks in SQL', async () => {
  const { cid } = await own('data', 'publish', table, '--encrypt', '--terms', 'CC-BY-4.0')
  const target = join(folder, 'bought.csv')
  const refused = await asBuyer('data', 'get', cid, '-o', target)
  assert.equal(refused.code, 4)
  assert.match(JSON.parse(refused.stdout).error.message, /has no right to download/)
  const terms = ['--purpose', 'train,download', '--price', '5', '--royalty', '10%']
  const { offerId } = await own('licence', 'offer', cid, ...terms, '--duration', '30d')
  const { offers } = await buyer('licence', 'list', cid)
  assert.deepEqual(
    [offers[0].id, offers[0].priceAtomic, offers[0].royaltyBasisPoints],
    [offerId, '5000000', 1000],
  )
  const told = JSON.parse((await asBuyer('data', 'get', cid, '-o', target)).stdout)
  assert.match(told.error.message, new RegExp(`quoin licence buy ${offerId}`))
  const bought = await buyer('licence', 'buy', offerId)
  assert.deepEqual([bought.cid, bought.isKeyThere], [cid, true])
  await buyer('data', 'get', cid, '-o', target)
  assert.equal(await readFile(target, 'utf8'), content)
  const sql = 'select species, avg(mass) as mass from data group by species order by species'
  const { rows } = await buyer('data', 'query', cid, sql)
  assert.deepEqual(rows, [
    ['adelie', 3700],
    ['gentoo', 5000],
  ])
  const documents = ["select document->>'species' as s from data limit 1", '--as', 'documents']
  assert.deepEqual((await buyer('data', 'query', cid, ...documents)).rows, [['adelie']])
  const { rows: count, columns } = await own('data', 'preview', cid)
  assert.deepEqual([count, columns[1].numbers.mean], [100, 4350])
  assert.deepEqual(
    (await readdir(join(folder, 'buyer'))).filter((name) => name.startsWith('reading-')),
    [],
    'no plaintext stays',
  )
  const { entries } = await own('data', 'access-log', cid)
  assert.equal(entries[0].event, 'key-delivered')
  const { rights } = await buyer('licence', 'rights')
  assert.equal(rights[0].cid, cid)
  assert.equal((await buyer('data', 'verify', cid)).verdicts[0].isProven, true)
})

test('an archive goes out and comes in by another’s check, and a cut one does not', async () => {
  const { cid } = await own('data', 'publish', table, '--open', '--name', 'open penguins')
  const car = join(folder, 'open.car')
  await buyer('data', 'export', cid, car)
  const target = join(folder, 'from-car.csv')
  const elsewhere = ['--data-dir', join(folder, 'elsewhere'), '--json']
  const imported = await quoin(['data', 'import', car, '-o', target, ...elsewhere])
  assert.equal(document(imported).cid, cid)
  assert.equal(await readFile(target, 'utf8'), content)
  await writeFile(car, (await readFile(car)).subarray(0, -10))
  const cut = await quoin(['data', 'import', car, ...elsewhere])
  assert.deepEqual([cut.code, JSON.parse(cut.stdout).error.code], [5, 'INVALID_CAR'])
})

test('the same name again is a version chained to the last', async () => {
  const second = join(folder, 'second.csv')
  await writeFile(second, `${content}adelie,1\n`)
  const first = await own('data', 'publish', table, '--name', 'chained', '--encrypt')
  const next = await own('data', 'publish', second, '--name', 'chained', '--encrypt')
  assert.deepEqual([first.version, next.version, next.replaces], [1, 2, first.cid])
})

test('mistakes are told in words, with what to do', async () => {
  const wrong: [string[], number, RegExp][] = [
    [['data', 'get', 'nonsense'], 2, /Not a CID/],
    [['data', 'publish', '/nowhere'], 2, /There is no \/nowhere/],
    [['data', 'publish', table, '--encrypt', '--open'], 2, /contradict/],
    [['licence', 'buy', '0x12'], 2, /no offer/],
    [['licence', 'buy', `0x${'12'.repeat(32)}`], 2, /There is no offer/],
  ]
  for (const [args, code, words] of wrong) {
    const result = await quoin([...args, '--json', '--data-dir', dataDir])
    assert.equal(result.code, code, result.stderr)
    assert.match(JSON.parse(result.stdout).error.message, words)
  }
})
