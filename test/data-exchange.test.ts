import assert from 'node:assert/strict'
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseCid, retrieve } from '@quoin/artifacts'
import {
  createNodeApi,
  type ExchangeErrorCode,
  fetchArtifact,
  licenceKeyOf,
  openArtifactStore,
  signRequest,
} from '@quoin/exchange'
import { CodedError } from '@quoin/kernel'
import { TcpProxy } from '@quoin/testing'
import {
  buy,
  type DataNode,
  offerDownload,
  openPlace,
  type Party,
  until,
} from './exchange/parties.ts'

const marker = 'Adelie of Torgersen, 39.1 mm'
const content = `species,where\n${`penguin,"${marker}"\n`.repeat(80_000)}`

let place: Awaited<ReturnType<typeof openPlace>>
let owner: DataNode
let table: string
before(async () => {
  place = await openPlace()
  owner = await place.node(1)
  table = join(place.folder, 'penguins.csv')
  await writeFile(table, content)
})
after(async () => {
  await owner?.[Symbol.asyncDispose]()
  await place?.[Symbol.asyncDispose]()
})

const order = { encrypt: true, access: 'licensed', terms: '', tellColumns: true } as const

/** Encrypted tables are another artifact each time. */
async function publishTable(node: DataNode = owner): Promise<string> {
  return (await node.exchange.publish({ ...order, source: table })).cid
}

async function fetchAs(party: Party, name: string, cid: string, more = {}) {
  const { store, pins } = await openArtifactStore(join(place.folder, name))
  const { ledger, ...holder } = party
  const fetched = await fetchArtifact(cid, { ledger, store, pins, holder, ...more })
  const target = join(place.folder, `${name}-${cid.slice(-8)}.csv`)
  const { contentKey, description } = fetched
  const { packing } = description
  await retrieve(parseCid(cid), target, {
    ...{ blocks: store, packing },
    ...(contentKey && { contentKey }),
  })
  return { ...fetched, text: await readFile(target, 'utf8') }
}

async function refused(promise: Promise<unknown>, code: ExchangeErrorCode, words: RegExp) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof CodedError && error.code === code, String(error))
    assert.match(error.message, words)
    return true
  })
}

test('who buys a licence gets the key and the same bytes; who has none is told how', async () => {
  const buyer = place.party(2)
  const cid = await publishTable()
  const { name, kind, columns, version } = await createNodeApi(owner.url).describe(cid)
  assert.deepEqual([name, kind, version], ['penguins.csv', 'data-set', 1])
  assert.deepEqual(columns, [
    { name: 'species', type: 'VARCHAR' },
    { name: 'where', type: 'VARCHAR' },
  ])
  await refused(fetchAs(buyer, 'buyer', cid), 'RIGHT_MISSING', /Nobody sells one now/)
  const offer = await offerDownload(owner, cid)
  const way = new RegExp(`quoin licence buy ${offer.id}`)
  await refused(fetchAs(buyer, 'buyer', cid), 'RIGHT_MISSING', way)
  await buy(buyer, offer.id)
  await until('the delivery of the key', async () =>
    owner.ledger.licences.hasRight(buyer.account, offer.artifact, 'download'),
  )
  assert.equal((await fetchAs(buyer, 'buyer', cid)).text, content)
  const log = await owner.exchange.accessLog(cid)
  assert.deepEqual(
    log.map(({ event, account, note }) => ({ event, account, note })),
    [{ event: 'key-delivered', account: buyer.account, note: offer.id }],
  )
})

test('a node without the right finds no plaintext on its disk or in its traffic', async () => {
  const keeper = await place.node(4)
  await using _ = keeper
  const cid = await publishTable()
  const seen: Buffer[] = []
  await using proxy = await TcpProxy.open({
    port: Number(new URL(owner.url).port),
    onBytes: (bytes) => seen.push(Buffer.from(bytes)),
  })
  const from = `http://127.0.0.1:${proxy.port}`
  const record = await keeper.exchange.keep({ cid, from })
  assert.equal(record.role, 'copy')
  const unreadable = keeper.exchange.retrieve(cid, join(place.folder, 'unreadable'))
  await refused(unreadable, 'KEY_UNAVAILABLE', /cannot read it/)
  const traffic = Buffer.concat(seen)
  assert.ok(traffic.length > content.length, `${traffic.length} bytes were seen`)
  const files = await everyFile(keeper.dataDir)
  assert.ok(files.some((bytes) => bytes.length > 1_000_000))
  for (const bytes of [traffic, ...files]) {
    assert.ok(!bytes.includes(marker) && !bytes.includes('penguin,'))
    assert.ok(!bytes.includes(Buffer.from(marker).toString('base64').slice(4, -4)))
  }
  // The same search finds it where it is.
  assert.ok((await readFile(table)).includes(marker))
  // What it keeps, it serves.
  const { store, pins } = await openArtifactStore(join(place.folder, 'third'))
  const { ledger, ...holder } = place.party(5)
  const options = { ledger, store, pins, holder, nodes: [keeper.url], wants: 'ciphertext' } as const
  assert.equal((await fetchArtifact(cid, options)).contentKey, null)
})

test('a wrong block is named with who gave it, and taken from another', async () => {
  const cid = await publishTable()
  const offer = await offerDownload(owner, cid, { keyWithinSeconds: null })
  const buyer = place.party(6)
  await buy(buyer, offer.id)
  await using hostile = await startLiar(owner.url)
  const nodes = [hostile.url]
  await assert.rejects(fetchAs(buyer, 'named', cid, { nodes }), {
    code: 'FETCH_FAILED',
    message: new RegExp(`Wrong bytes for block baf\\w+ from ${hostile.url}`),
  })
  const both = [hostile.url, owner.url]
  assert.equal((await fetchAs(buyer, 'named', cid, { nodes: both })).text, content)
  const keeper = await place.node(7)
  await using _ = keeper
  await keeper.exchange.keep({ cid })
  const fromKeeper = await fetchAs(buyer, 'kept', cid, { nodes: [keeper.url] })
  assert.equal(fromKeeper.text, content, 'the blocks from who has no key, the key from the owner')
})

test('a custodian delivers while the owner is away', async () => {
  const leaving = await place.node(8)
  const cid = await publishTable(leaving)
  const custodian = await place.node(9)
  await using _ = custodian
  const named = { action: 'custodian', cid, custodian: custodian.account, isNamed: true } as const
  await leaving.exchange.act(named)
  assert.equal((await custodian.exchange.keep({ cid })).role, 'custodian')
  const offer = await offerDownload(leaving, cid)
  await leaving[Symbol.asyncDispose]()
  const buyer = place.party(10)
  await buy(buyer, offer.id)
  await until('the delivery by the custodian', async () =>
    buyer.ledger.licences.hasRight(buyer.account, offer.artifact, 'download'),
  )
  const [delivered] = await buyer.ledger.licences.deliveries({ offerId: offer.id })
  assert.equal(delivered?.sender.toLowerCase(), custodian.account)
  assert.equal((await fetchAs(buyer, 'away', cid)).text, content)
  // The catalogue and its sealed key outlive a restart.
  const again = await place.node(8)
  await using __ = again
  assert.equal(again.exchange.get(cid).role, 'owner')
  const { publicKey } = licenceKeyOf(buyer.privateKey)
  const at = { chainId: buyer.ledger.chainId, node: again.account, cid }
  const request = await signRequest(buyer.signer, { action: 'key', publicKey }, at)
  assert.ok(await createNodeApi(again.url).requestKey(cid, request))
})

test('what was revoked or is over gives no further keys', async () => {
  const cid = await publishTable()
  const offer = await offerDownload(owner, cid, {
    ...{ keyWithinSeconds: null, durationSeconds: 3600, isRevocable: true },
  })
  const buyer = place.party(11)
  await buy(buyer, offer.id)
  const { publicKey } = licenceKeyOf(buyer.privateKey)
  const at = { chainId: buyer.ledger.chainId, node: owner.account, cid }
  const ask = async () => {
    const request = await signRequest(buyer.signer, { action: 'key', publicKey }, at)
    return createNodeApi(owner.url).requestKey(cid, request)
  }
  await ask()
  await owner.exchange.act({ action: 'revoke', offerId: offer.id, holder: buyer.account })
  await refused(ask(), 'RIGHT_MISSING', /has no right/)
  const events = (await owner.exchange.accessLog(cid)).map(({ event }) => event)
  assert.deepEqual(events, ['key-given', 'key-refused'])
  const short = await offerDownload(owner, cid, { keyWithinSeconds: null, durationSeconds: 1 })
  await buy(buyer, short.id)
  await until('the end of the right', async () => {
    await owner.ledger.transferNative(owner.account, 1n)
    return !(await buyer.ledger.licences.hasRight(buyer.account, offer.artifact, 'download'))
  })
  await refused(ask(), 'RIGHT_MISSING', /its right is over/)
})

test('plain data that is not open goes only to a right’s holder, and only its own blocks', async () => {
  const source = join(place.folder, 'secret.txt')
  await writeFile(source, 'plain but licensed')
  const { cid } = await owner.exchange.publish({ ...order, source, encrypt: false })
  const open = join(place.folder, 'open.txt')
  await writeFile(open, 'for all')
  const { cid: openCid } = await owner.exchange.publish({
    ...order,
    ...{ source: open, encrypt: false, access: 'open' },
  })
  const buyer = place.party(12)
  const path = `${owner.url}/v1/artifacts`
  assert.equal((await fetch(`${path}/${openCid}/blocks/${openCid}`)).status, 200)
  assert.equal((await fetch(`${path}/${cid}/blocks/${cid}`)).status, 403)
  assert.equal((await fetch(`${path}/${cid}/car`)).status, 403)
  assert.equal((await fetch(`${path}/${openCid}/blocks/${cid}`)).status, 404)
  const seed = `0x${'07'.repeat(32)}`
  const challenge = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ seed, count: 2 }),
  }
  assert.equal((await fetch(`${path}/${cid}/challenge`, challenge)).status, 403)
  assert.equal((await fetch(`${path}/${openCid}/challenge`, challenge)).status, 200)
  const offer = await offerDownload(owner, cid)
  await buy(buyer, offer.id)
  assert.equal((await fetchAs(buyer, 'plain', cid)).text, 'plain but licensed')
  await using liar = await startLiar(owner.url)
  const through = fetchAs(buyer, 'through', cid, { nodes: [liar.url] })
  await refused(through, 'NODE_ANSWER_WRONG', /which the registry has at/)
})

test('a signed request is good once, for its node, its artifact, its time', async () => {
  const cid = await publishTable()
  const api = createNodeApi(owner.url)
  const { publicKey } = licenceKeyOf(owner.privateKey)
  const at = { chainId: owner.ledger.chainId, node: owner.account, cid }
  const sign = (change = {}) =>
    signRequest(owner.signer, { action: 'key', publicKey }, { ...at, ...change })
  const request = await sign()
  await api.requestKey(cid, request)
  await refused(api.requestKey(cid, request), 'REQUEST_REFUSED', /used before/)
  const other = place.party(13).account
  for (const change of [{ node: other }, { chainId: 1 }, { cid: await publishTable() }])
    await refused(api.requestKey(cid, await sign(change)), 'REQUEST_REFUSED', /did not sign/)
  await refused(api.requestAccess(cid, await sign()), 'REQUEST_REFUSED', /asks for key/)
  const old = { ...(await sign()), issuedAt: Math.floor(Date.now() / 1000) - 4000 }
  await refused(api.requestKey(cid, old), 'REQUEST_REFUSED', /another time/)
  const forged = { ...(await sign()), account: other }
  await refused(api.requestKey(cid, forged), 'REQUEST_REFUSED', /did not sign/)
})

test('bad input of every route is refused in words', async () => {
  const cid = await publishTable()
  const artifacts = `${owner.url}/v1/artifacts`
  const post = (path: string, body: unknown) =>
    fetch(`${artifacts}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const unknown = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
  const answers: [Promise<Response>, number, string][] = [
    [fetch(`${artifacts}?limit=0`), 400, 'invalid_value'],
    [fetch(`${artifacts}/nonsense-cid`), 400, 'invalid_cid'],
    [fetch(`${artifacts}/${unknown}`), 404, 'artifact_unknown'],
    [fetch(`${artifacts}/${cid}/blocks/${unknown}`), 404, 'artifact_unknown'],
    [fetch(`${artifacts}/${cid}/blocks/..%2f..%2fetc`), 400, 'invalid_cid'],
    [post(`${cid}/keys`, '{'), 400, 'invalid_json'],
    [post(`${cid}/keys`, { account: '0x12' }), 400, 'invalid_value'],
    [post(`${cid}/access`, {}), 400, 'invalid_value'],
    [post(`${cid}/challenge`, { seed: '0x00', count: 1 }), 400, 'invalid_value'],
    [post(`${cid}/challenge`, { seed: `0x${'00'.repeat(32)}`, count: 65 }), 400, 'invalid_value'],
    [post(`${cid}/keys`, 'x'.repeat(5 << 20)), 413, 'request_too_large'],
    [fetch(`${owner.url}/quoin/admin/artifacts/${cid}/access-log`), 401, 'invalid_token'],
  ]
  for (const [answer, status, code] of answers) {
    const response = await answer
    const { error } = await response.json()
    assert.deepEqual([response.status, error.code], [status, code], error.message)
    assert.ok(error.message.length > 10)
  }
})

test('a node that says nothing, too much or nonsense is given up in words', async () => {
  const cid = await publishTable()
  const answers: [(response: ServerResponse) => void, ExchangeErrorCode, RegExp][] = [
    [() => {}, 'NODE_UNREACHABLE', /gives no answer/],
    [(response) => response.end('{"cid": 1}'), 'NODE_ANSWER_WRONG', /does not answer as a node/],
    [(response) => response.end(Buffer.alloc(5 << 20)), 'NODE_ANSWER_WRONG', /gives more than/],
    [(response) => response.writeHead(302, { location: owner.url }).end(), 'NODE_UNREACHABLE', /./],
    [
      (response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{')
        setImmediate(() => response.destroy())
      },
      'NODE_UNREACHABLE',
      /broke off/,
    ],
  ]
  for (const [answer, code, words] of answers) {
    await using server = await serve((_, response) => answer(response))
    await refused(createNodeApi(server.url, { timeoutMs: 500 }).describe(cid), code, words)
  }
})

test('what cannot be published leaves nothing behind', async () => {
  const before = owner.exchange.list().length
  const ragged = join(place.folder, 'ragged.csv')
  await writeFile(ragged, 'a,b\n1,2\n3\n')
  await assert.rejects(owner.exchange.publish({ ...order, source: ragged }), {
    code: 'INVALID_FILE',
  })
  const parquet = join(place.folder, 'cut.parquet')
  await writeFile(parquet, 'PAR1 and nothing more')
  await assert.rejects(owner.exchange.publish({ ...order, source: parquet }), {
    code: 'INVALID_FILE',
  })
  await refused(
    owner.exchange.publish({ ...order, source: '/nowhere/at/all' }),
    'PUBLISH_REFUSED',
    /no \/nowhere/,
  )
  assert.equal(owner.exchange.list().length, before)
})

test('what is removed frees its place, its key and nothing else; what is on offer stays', async () => {
  const keeper = await place.node(14)
  await using _ = keeper
  const [gone, kept] = [await publishTable(keeper), await publishTable(keeper)]
  const offer = await offerDownload(keeper, gone)
  await refused(keeper.exchange.remove(gone), 'PUBLISH_REFUSED', /are on offer/)
  await keeper.exchange.act({ action: 'close', offerId: offer.id })
  await makeOld(keeper.dataDir)
  const { freedBytes } = await keeper.exchange.remove(gone)
  assert.ok(freedBytes > content.length)
  const names = await readdir(join(keeper.dataDir, 'catalogue'))
  assert.ok(!names.includes(`${gone}.json`) && !names.includes(`${gone}.key`))
  await refused(keeper.exchange.describe(gone), 'ARTIFACT_UNKNOWN', /does not have/)
  await keeper.exchange.retrieve(kept, join(place.folder, 'kept.csv'))
  await refused(keeper.exchange.remove(gone), 'ARTIFACT_UNKNOWN', /does not have/)
})

/** Blocks of this moment are spared whatever pins them. */
async function makeOld(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'artifacts', 'blocks')
  const names = await readdir(folder, { recursive: true })
  for (const name of names.filter((one) => one.includes('/')))
    await utimes(join(folder, name), new Date(0), new Date(0))
}

async function everyFile(folder: string): Promise<Buffer[]> {
  const names = await readdir(folder, { recursive: true })
  const files: Buffer[] = []
  for (const name of names)
    if ((await stat(join(folder, name))).isFile()) files.push(await readFile(join(folder, name)))
  return files
}

/** Passes on what a node says, with a byte of each leaf changed. */
async function startLiar(url: string) {
  return serve(async (request, response) => {
    const answer = await fetch(url + request.url)
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (request.url?.includes('/blocks/bafk')) bytes[1000] = (bytes[1000] ?? 0) ^ 1
    response.writeHead(answer.status).end(bytes)
  })
}

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
