import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLedger } from '@quoin/ledger'
import {
  decodeJsonHeader,
  encodeJsonHeader,
  headerNames,
  ReceiptProofJson,
  type SignedReceipt,
  toReceiptJson,
} from '@quoin/protocol'
import {
  type ChannelStore,
  chainAccessOf,
  createChannelClient,
  memoryChannelStore,
  type PayingFetchOptions,
  payingFetch,
  verifyReceipt,
} from '@quoin/sdk'
import { chainId, operatorToken, startPaidNode } from './paid-node.ts'

type Node = Awaited<ReturnType<typeof startPaidNode>>
let node: Node

before(async () => {
  node = await startPaidNode({ payers: 12 })
})
after(() => node?.[Symbol.asyncDispose]())

function payer(index: number) {
  const account = node.payers[index]
  assert.ok(account)
  return account
}

function ledgerOf(index: number) {
  return createLedger({ rpcUrl: node.rpcUrl, chainId, account: payer(index) })
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600

function payingWith(index: number, options: Partial<PayingFetchOptions> = {}) {
  const receipts: SignedReceipt[] = []
  const pay = payingFetch(payer(index), {
    cap: 10_000_000n,
    expiry: inAnHour(),
    onReceipt: (receipt) => receipts.push(receipt),
    ...options,
  })
  return { pay, receipts }
}

const embeddingBody = (input: string) => ({ model: 'use-lite-fast', input })

function embed(pay: typeof fetch, input: string): Promise<Response> {
  return pay(`${node.url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(embeddingBody(input)),
  })
}

/** A transport that changes answers that were paid for, as a dishonest provider would. */
function tampering(change: (receipt: Record<string, unknown>) => void): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    const header = response.headers.get(headerNames.receipt)
    if (header === null) return response
    const signed = Object(decodeJsonHeader(header))
    change(signed)
    const headers = new Headers(response.headers)
    headers.set(headerNames.receipt, encodeJsonHeader(signed))
    return new Response(await response.arrayBuffer(), { status: response.status, headers })
  }
}

/** Counts what goes over the wire. */
function counting() {
  const statuses: number[] = []
  const transport: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    statuses.push(response.status)
    return response
  }
  return { statuses, transport }
}

test('the first call takes a 402, later ones one round trip each', async () => {
  const { statuses, transport } = counting()
  const { pay, receipts } = payingWith(0, { fetch: transport })
  await embed(pay, 'one two three four')
  assert.deepEqual(statuses, [402, 200])
  for (const text of ['one', 'two three', 'four'])
    assert.equal((await embed(pay, text)).status, 200)
  assert.deepEqual(statuses, [402, 200, 200, 200, 200])
  assert.equal(receipts.length, 4)
})

test('64 calls at once on one channel all succeed, the first of all among them', async () => {
  const { statuses, transport } = counting()
  const { pay, receipts } = payingWith(1, { fetch: transport })
  const texts = Array.from({ length: 64 }, () => 'one and the same text')
  const answers = await Promise.all(texts.map((text) => embed(pay, text)))
  assert.ok(answers.every(({ status }) => status === 200))
  assert.equal(
    statuses.filter((status) => status === 402).length,
    1,
    'only the first asks the price',
  )
  const sequences = receipts.map(({ receipt }) => receipt.sequence).sort((a, b) => Number(a - b))
  assert.deepEqual(
    sequences,
    texts.map((_, index) => BigInt(index + 1)),
  )
  const last = receipts.find(({ receipt }) => receipt.sequence === 64n)
  const sum = receipts.reduce((total, { receipt }) => total + receipt.amount, 0n)
  assert.equal(last?.receipt.cumulative, sum)
})

test('where prices differ from call to call, later ones are paid with room to spare', async () => {
  const { statuses, transport } = counting()
  const { pay } = payingWith(1, { fetch: transport })
  const conversation = (turns: number) => embed(pay, 'on and on '.repeat(turns))
  for (let turns = 1; turns <= 24; turns++) assert.equal((await conversation(turns)).status, 200)
  const corrections = statuses.filter((status) => status === 402).length
  assert.ok(corrections < 10, `${corrections} of ${statuses.length} requests were corrections`)
})

test('with a chain the session key is limited there before anything is deposited', async () => {
  await using ledger = ledgerOf(2)
  const store = memoryChannelStore()
  const expiry = inAnHour()
  const { pay } = payingWith(2, { cap: 20_000n, expiry, chain: chainAccessOf(ledger), store })
  await embed(pay, 'limited')
  const [record] = await store.list()
  assert.ok(record)
  const state = await ledger.channels.state(record.channelId)
  assert.equal(state.session?.capAtomic, 20_000n)
  assert.equal(state.session?.expiresAt, expiry)
  assert.ok(state.balance <= 20_000n, 'no more is in escrow than may be spent')
})

test('the cap ends spending before anything is signed over it', async () => {
  const store = memoryChannelStore()
  const { pay, receipts } = payingWith(3, { cap: 10_000n, store })
  await assert.rejects(
    async () => {
      for (let i = 0; i < 10_000; i++) await embed(pay, `${'word '.repeat(100)}${i}`)
    },
    { code: 'CAP_REACHED' },
  )
  assert.ok(receipts.length > 10)
  const [record] = await store.list()
  assert.ok(record && record.signed <= 10_000n && record.charged <= 10_000n)
})

test('a call over maxPerCall, a foreign asset and expired limits are refused unpaid', async () => {
  const { statuses, transport } = counting()
  const options = { fetch: transport }
  const cheap = payingWith(4, { ...options, maxPerCall: 1n })
  await assert.rejects(embed(cheap.pay, 'a few words'), { code: 'CALL_TOO_EXPENSIVE' })
  const foreign = payingWith(4, {
    ...options,
    allowedAssets: [{ network: 'eip155:1', asset: `0x${'11'.repeat(20)}` }],
  })
  await assert.rejects(embed(foreign.pay, 'x'), { code: 'NO_ACCEPTABLE_OFFER' })
  assert.deepEqual(statuses, [402, 402])
  const expired = payingWith(4, { ...options, expiry: Math.floor(Date.now() / 1000) - 1 })
  await assert.rejects(embed(expired.pay, 'x'), { code: 'LIMITS_EXPIRED' })
  assert.deepEqual(statuses, [402, 402])
})

test('a payer that owns too little is told so before it signs', async () => {
  await using ledger = ledgerOf(5)
  await ledger.credit.transfer(payer(0).address, 1_000_000_000n)
  const { pay } = payingWith(5, { chain: chainAccessOf(ledger) })
  await assert.rejects(embed(pay, 'poor'), { code: 'FUNDS_TOO_LOW' })
})

test('a wrong receipt fails the call, and nothing more is paid to its provider', async () => {
  const lies: ((signed: Record<string, unknown>) => void)[] = [
    (signed) => Object.assign(Object(signed.receipt), { amount: '1' }),
    (signed) => Object.assign(signed, { signature: `0x${'11'.repeat(64)}1b` }),
    (signed) => Object.assign(signed, { modelCid: 'bafkreiother' }),
  ]
  for (const lie of lies) {
    const { pay } = payingWith(6, { fetch: tampering(lie) })
    await assert.rejects(embed(pay, 'honest?'), { code: 'RECEIPT_WRONG' })
    await assert.rejects(embed(pay, 'again?'), { code: 'PROVIDER_DISTRUSTED' })
  }
})

test('a caller may decide itself what a wrong receipt means', async () => {
  const violations: Error[] = []
  const { pay } = payingWith(6, {
    fetch: tampering((signed) => Object.assign(signed, { modelCid: 'bafkreiother' })),
    onViolation: (violation) => violations.push(violation),
  })
  assert.equal((await embed(pay, 'x')).status, 200)
  assert.match(violations[0]?.message ?? '', /model CID/)
})

test('a call whose answer was lost is sent again and charged once', async () => {
  const { pay: prepare } = payingWith(7)
  await embed(prepare, 'warm')
  let failures = 2
  const losing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const isPaid = new Headers(init?.headers).has(headerNames.paymentSignature)
    if (!isPaid || failures-- <= 0) return response
    await response.arrayBuffer()
    throw new TypeError('fetch failed')
  }
  const { pay, receipts } = payingWith(7, { fetch: losing })
  assert.equal((await embed(pay, 'lost and found')).status, 200)
  assert.deepEqual(
    receipts.map(({ receipt }) => receipt.sequence),
    [1n],
  )
  failures = 100
  await assert.rejects(embed(pay, 'lost for longer'), TypeError)
  failures = 0
  assert.equal((await embed(pay, 'lost for longer')).status, 200)
  assert.deepEqual(
    receipts.map(({ receipt }) => receipt.sequence),
    [1n, 2n],
  )
})

test('a stored channel is used again by the next program, and an older copy of it corrects itself', async () => {
  const store = memoryChannelStore()
  const first = payingWith(8, { store })
  await embed(first.pay, 'first run')
  const [old] = await store.list()
  assert.ok(old)
  for (const text of ['more', 'and more']) await embed(first.pay, text)
  const second = payingWith(8, { store })
  await embed(second.pay, 'second run')
  assert.equal(second.receipts[0]?.receipt.sequence, 4n)
  const stale: ChannelStore = memoryChannelStore()
  await stale.save(old)
  const third = payingWith(8, { store: stale })
  await embed(third.pay, 'from an old backup')
  assert.equal(third.receipts[0]?.receipt.sequence, 5n)
})

test('a channel is opened, limited, paid from and refunded by its payer', async () => {
  await using ledger = ledgerOf(9)
  const store = memoryChannelStore()
  const account = payer(9)
  const client = createChannelClient({ account, ledger, store })
  const url = `${node.url}/v1/embeddings`
  const before = await ledger.credit.balanceOf(account.address)
  const expiresAt = inAnHour()
  const { channel } = await client.open({ url, amount: 2_000n, expiresAt })
  await client.authorize(channel.channelId, { capAtomic: 1_000n, expiresAt })
  const { pay, receipts } = payingWith(9, {
    cap: 1_000n,
    expiry: expiresAt,
    chain: chainAccessOf(ledger),
    store,
    channelId: channel.channelId,
  })
  await embed(pay, 'from the opened channel')
  const charged = receipts[0]?.receipt.amount
  assert.ok(charged)
  assert.equal(receipts[0]?.receipt.channelId, channel.channelId)
  const refund = await client.refund(channel.channelId, url)
  assert.equal(refund.amount, 2_000n - charged)
  assert.equal(await ledger.credit.balanceOf(account.address), before - charged)
  const { state } = await client.get(channel.channelId)
  assert.equal(state.balance, state.totalClaimed)
})

test('a revoked session key pays for nothing more', async () => {
  await using ledger = ledgerOf(10)
  const store = memoryChannelStore()
  const { pay } = payingWith(10, { chain: chainAccessOf(ledger), store })
  await embed(pay, 'before')
  const [record] = await store.list()
  assert.ok(record)
  const client = createChannelClient({ account: payer(10), ledger, store })
  await client.revoke(record.channelId)
  const limit = AbortSignal.timeout(10_000)
  for (;;) {
    limit.throwIfAborted()
    const view = await node.market.channels.get(record.channelId)
    if (view?.session && view.session.expiresAt * 1000 <= Date.now()) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await assert.rejects(embed(pay, 'after'), { code: 'PAYMENT_REFUSED', message: /expired/ })
})

test('a withdrawal without the provider can be requested and not finished early', async () => {
  await using ledger = ledgerOf(10)
  const store = memoryChannelStore()
  const client = createChannelClient({ account: payer(10), ledger, store })
  const url = `${node.url}/v1/embeddings`
  const { channel } = await client.open({ url, amount: 500n, expiresAt: inAnHour() })
  const requested = await client.requestWithdraw(channel.channelId)
  assert.ok(requested.maturesAt * 1000 > Date.now())
  await assert.rejects(client.finalizeWithdraw(channel.channelId), { code: 'CALL_REVERTED' })
})

test('plain x402 exact is paid where nothing else is offered', async () => {
  const withoutEscrow: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const header = response.headers.get(headerNames.paymentRequired)
    if (header === null) return response
    const demand = Object(decodeJsonHeader(header))
    demand.accepts = demand.accepts.filter(({ scheme }: { scheme: string }) => scheme === 'exact')
    const headers = new Headers(response.headers)
    headers.set(headerNames.paymentRequired, encodeJsonHeader(demand))
    return new Response(null, { status: 402, headers })
  }
  const { pay, receipts } = payingWith(11, { fetch: withoutEscrow, cap: 100n })
  assert.equal((await embed(pay, 'paid exactly')).status, 200)
  assert.equal(receipts.length, 1)
  await assert.rejects(embed(pay, 'word '.repeat(60)), { code: 'CALL_TOO_EXPENSIVE' })
})

test('an anchored receipt is verified by the chain, and any change to it is found', async () => {
  await using ledger = createLedger({ rpcUrl: node.rpcUrl, chainId })
  const { pay, receipts } = payingWith(0)
  const answer = await embed(pay, 'verify me')
  const response = new Uint8Array(await answer.arrayBuffer())
  const [receipt] = receipts
  assert.ok(receipt)
  await node.market.anchorNow()
  const found = await fetch(`${node.url}/quoin/receipts/${receipt.id}/proof`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  })
  const proof = ReceiptProofJson.parse(await found.json())
  const request = embeddingBody('verify me')
  const outcomes = async (signed: SignedReceipt, options: object = {}) => {
    const given = { ledger, proof, request, response, ...options }
    const { checks } = await verifyReceipt(signed, given)
    return checks.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check)
  }
  // This node's provider and services are not in the registry: only that is found wanting.
  assert.deepEqual(await outcomes(receipt), ['provider', 'service'])
  const unregistered = ['provider', 'service']
  const failures = async (signed: SignedReceipt, options?: object) =>
    (await outcomes(signed, options)).filter((check) => !unregistered.includes(check))
  assert.deepEqual(await failures(receipt, { request: embeddingBody('other') }), ['request'])
  assert.deepEqual(await failures(receipt, { response: new Uint8Array(1) }), ['response'])
  assert.deepEqual(await failures({ ...receipt, modelCid: 'bafkreiother' }), ['model'])
  const dearer = { ...receipt.receipt, amount: receipt.receipt.amount + 1n }
  assert.deepEqual(await failures({ ...receipt, receipt: dearer }), ['id', 'signature'])
  const foreignRoot = { ...proof, anchor: { ...proof.anchor, root: receipt.id } }
  assert.deepEqual(await failures(receipt, { proof: foreignRoot }), ['proof', 'anchor'])
  const later = { ...proof, anchor: { ...proof.anchor, epoch: proof.anchor.epoch + 1n } }
  assert.deepEqual(await failures(receipt, { proof: later }), ['anchor'])
  assert.equal(typeof toReceiptJson(receipt).receipt.amount, 'string')
})
