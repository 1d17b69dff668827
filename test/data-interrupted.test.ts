import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openExchange } from '@quoin/exchange'
import { TcpProxy } from '@quoin/testing'
import { type DataNode, openPlace, until } from './exchange/parties.ts'

const launcher = fileURLToPath(new URL('../bin/quoin.mjs', import.meta.url))
const sizeBytes = 24 << 20
const order = { access: 'open', encrypt: false, terms: '', tellColumns: true } as const

let place: Awaited<ReturnType<typeof openPlace>>
let owner: DataNode
before(async () => {
  place = await openPlace()
  owner = await place.node(1)
})
after(async () => {
  await owner?.[Symbol.asyncDispose]()
  await place?.[Symbol.asyncDispose]()
})

test('a fetch that was killed goes on where it stopped', async () => {
  const source = join(place.folder, 'large.bin')
  const content = Buffer.alloc(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 4)
    content.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at)
  await writeFile(source, content)
  const { cid } = await owner.exchange.publish({ ...order, source })
  let passed = 0
  await using proxy = await TcpProxy.open({
    port: Number(new URL(owner.url).port),
    onBytes: (bytes) => {
      passed += bytes.length
    },
  })
  proxy.back.bytesPerSecond = 8 << 20
  const dataDir = join(place.folder, 'reader')
  const target = join(place.folder, 'fetched.bin')
  const get = () =>
    start(['data', 'get', cid, '-o', target, '--data-dir', dataDir, '--json'], proxy.port)
  const killed = get()
  await until('half of the blocks', async () => (await blocksIn(dataDir)) >= 10)
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  const before = await blocksIn(dataDir)
  assert.ok(before >= 10 && before < 24, `${before} blocks`)
  await assert.rejects(readFile(target), { code: 'ENOENT' })
  proxy.back.bytesPerSecond = Infinity
  passed = 0
  const [code] = await once(get(), 'exit')
  assert.equal(code, 0)
  assert.deepEqual(await readFile(target), content)
  assert.ok(
    passed < (25 - before + 1) << 20,
    `${passed} bytes came though ${before} blocks were there`,
  )
})

test('a publication that was cut off before the chain had it is finished by the same order', async () => {
  const { privateKey: providerKey, ledger } = place.party(3)
  let refusals = 1
  const failing: typeof ledger = {
    ...ledger,
    sender: ledger.sender,
    registry: {
      ...ledger.registry,
      async publishArtifact(...given) {
        if (refusals-- > 0) throw new Error('the power went')
        return ledger.registry.publishArtifact(...given)
      },
    },
  }
  const dataDir = join(place.folder, 'cut-off')
  const source = join(place.folder, 'table.csv')
  await writeFile(source, 'a,b\n1,2\n')
  const wanted = { ...order, source, encrypt: true, access: 'licensed' } as const
  const parts = { dataDir, providerKey, ledger: failing }
  let cid: string
  {
    await using exchange = await openExchange(parts)
    await assert.rejects(exchange.publish(wanted), { message: 'the power went' })
    const [unfinished] = exchange.list()
    assert.ok(unfinished)
    assert.equal(unfinished.transaction, null)
    cid = unfinished.cid
  }
  await using exchange = await openExchange(parts)
  const finished = await exchange.publish(wanted)
  assert.equal(finished.cid, cid)
  assert.match(finished.transaction ?? '', /^0x[0-9a-f]{64}$/)
  assert.equal(exchange.list().length, 1)
  const back = join(place.folder, 'back.csv')
  await exchange.retrieve(cid, back)
  assert.equal(await readFile(back, 'utf8'), 'a,b\n1,2\n')
})

test('a source that changes gives versions, one that stays or fails gives none', async () => {
  let text = 'day,rain\n1,0.5\n'
  let status = 200
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.writeHead(status, { 'content-type': 'text/csv' }).end(status === 200 ? text : 'no')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const source = `http://127.0.0.1:${address.port}/rain.csv`
  const { exchange } = owner
  const versions = () => exchange.list().filter(({ name }) => name === 'rain')
  await exchange.collect({
    name: 'rain',
    everySeconds: 1,
    order: { ...order, source, encrypt: true },
  })
  await until('the first version', async () => versions().length === 1)
  const before = asked
  await until('two more looks', async () => asked >= before + 2)
  assert.equal(versions().length, 1)
  status = 500
  await until('a failure', async () => exchange.collections()[0]?.problem !== null)
  assert.match(exchange.collections()[0]?.problem ?? '', /answers 500/)
  text += '2,1.5\n'
  status = 200
  await until('the second version', async () => versions().length === 2)
  const [first, second] = versions()
  assert.deepEqual([second?.version, second?.replaces], [2, first?.cid])
  assert.equal(second?.columns?.length, 2)
  assert.ok(await exchange.stopCollecting('rain'))
  await new Promise((resolve) => server.close(resolve))
})

function start(args: string[], port: number): ChildProcess {
  const all = [launcher, ...args, '--from', `http://127.0.0.1:${port}`]
  return spawn(process.execPath, [...all, '--rpc-url', place.chain.rpcUrl], {
    env: { PATH: process.env.PATH },
    stdio: 'ignore',
  })
}

async function blocksIn(dataDir: string): Promise<number> {
  try {
    const names = await readdir(join(dataDir, 'artifacts', 'blocks'), { recursive: true })
    return names.filter((name) => name.includes('/')).length
  } catch {
    return 0
  }
}
