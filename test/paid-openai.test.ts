import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { creditAbi, predeployAddresses } from '@quoin/contracts'
import {
  decodeJsonHeader,
  headerNames,
  isReceiptIncluded,
  isReceiptSigned,
  ReceiptProofJson,
  type SignedReceipt,
  SignedReceiptJson,
} from '@quoin/protocol'
import { payingFetch } from '@quoin/sdk'
import { x402Client } from '@x402/core/client'
import { HTTPFacilitatorClient } from '@x402/core/server'
import { toClientEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { wrapFetchWithPayment } from '@x402/fetch'
import OpenAI from 'openai'
import { createPublicClient, http } from 'viem'
import { chainId, network, operatorToken, startPaidNode } from './paid-node.ts'

type Node = Awaited<ReturnType<typeof startPaidNode>>
let node: Node

before(async () => {
  node = await startPaidNode({ payers: 4 })
})
after(() => node?.[Symbol.asyncDispose]())

const domain = { chainId, receipts: predeployAddresses.receipts }

function modelFor(task: 'embedding' | 'generation'): string {
  const models = [...node.models.models.values()]
  const id = models.find(({ manifest }) => manifest.task === task)?.manifest.id
  assert.ok(id, `no embedded model does ${task}`)
  return id
}

function payer(index: number) {
  const account = node.payers[index]
  assert.ok(account)
  return account
}

function payingClient(index: number) {
  const receipts: SignedReceipt[] = []
  const pay = payingFetch(payer(index), {
    cap: 50_000_000n,
    expiry: new Date(Date.now() + 3_600_000),
    onReceipt: (receipt) => receipts.push(receipt),
  })
  const client = new OpenAI({
    baseURL: `${node.url}/v1`,
    apiKey: 'none',
    fetch: pay,
    maxRetries: 0,
  })
  return { client, receipts }
}

function balanceOf(account: `0x${string}`): Promise<bigint> {
  const chain = createPublicClient({ transport: http(node.rpcUrl) })
  return chain.readContract({
    address: predeployAddresses.credit,
    abi: creditAbi,
    functionName: 'balanceOf',
    args: [account],
  })
}

async function operate(path: string): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${operatorToken}` }
  const answer = await fetch(`${node.url}/quoin/admin/${path}`, { method: 'POST', headers })
  assert.equal(answer.status, 200)
  return (await answer.json()) as Record<string, unknown>
}

function receiptOf(response: Response): SignedReceipt {
  const header = response.headers.get(headerNames.receipt)
  assert.ok(header, 'the answer has a receipt')
  return SignedReceiptJson.parse(decodeJsonHeader(header))
}

test('an unmodified openai client pays for embeddings and a streamed chat and gets receipts', async () => {
  const { client, receipts } = payingClient(0)
  for (const input of ['a first text', ['a second', 'and a third']]) {
    const answer = await client.embeddings.create({ model: modelFor('embedding'), input })
    assert.equal(answer.data[0]?.embedding.length, 512)
    assert.equal(receipts.at(-1)?.receipt.amount, 2n * BigInt(answer.usage.total_tokens))
  }
  const stream = await client.chat.completions.create({
    model: modelFor('generation'),
    messages: [{ role: 'user', content: 'The state of the union is' }],
    max_completion_tokens: 12,
    stream: true,
    stream_options: { include_usage: true },
  })
  let usage: OpenAI.CompletionUsage | null | undefined
  let receiptsAtFirst: number | undefined
  for await (const chunk of stream) {
    usage = chunk.usage ?? usage
    receiptsAtFirst ??= receipts.length
  }
  assert.equal(receiptsAtFirst, 2, 'the text flows before the call is charged')
  assert.ok(usage && usage.completion_tokens > 0 && usage.completion_tokens <= 12)
  assert.equal(receipts.length, 3)
  const last = receipts.at(-1)?.receipt
  assert.equal(last?.amount, BigInt(2 * usage.prompt_tokens + 5 * usage.completion_tokens))
  assert.equal(
    last?.cumulative,
    receipts.reduce((sum, { receipt }) => sum + receipt.amount, 0n),
  )
  for (const receipt of receipts) assert.ok(await isReceiptSigned(receipt, domain))
})

test('many calls at once on one channel are all answered', async () => {
  const { client, receipts } = payingClient(1)
  const texts = Array.from({ length: 32 }, (_, index) => `text number ${index}`)
  const model = modelFor('embedding')
  await Promise.all(texts.map((input) => client.embeddings.create({ model, input })))
  assert.equal(receipts.length, 32)
  const sequences = new Set(receipts.map(({ receipt }) => receipt.sequence))
  assert.equal(sequences.size, 32)
  assert.equal(new Set(receipts.map(({ receipt }) => receipt.channelId)).size, 1)
})

test('calls go on while their channel is topped up', async () => {
  await using small = await startPaidNode({
    payers: 1,
    models: node.models,
    payments: { minDepositAtomic: 40n, depositCalls: 2n },
  })
  const [account] = small.payers
  assert.ok(account)
  let amount = 0n
  const pay = payingFetch(account, {
    cap: 50_000_000n,
    expiry: new Date(Date.now() + 3_600_000),
    onReceipt: ({ receipt }) => {
      amount += receipt.amount
    },
  })
  const body = JSON.stringify({ model: modelFor('embedding'), input: 'some words to pay for' })
  const headers = { 'content-type': 'application/json' }
  const embed = () => pay(`${small.url}/v1/embeddings`, { method: 'POST', headers, body })
  await embed()
  const rows = Array.from({ length: 8 }, async () => {
    for (let count = 0; count < 5; count++) assert.equal((await embed()).status, 200)
  })
  await Promise.all(rows)
  const [channel] = await small.market.channels.list({ payer: account.address, limit: 1 })
  assert.ok(channel && channel.balance > 40n)
  assert.equal(channel.charged, amount)
})

test('receipts are anchored, proven and settled to the provider', async () => {
  const { client, receipts } = payingClient(2)
  await client.embeddings.create({ model: modelFor('embedding'), input: 'prove this' })
  const [receipt] = receipts
  assert.ok(receipt)
  const { anchor } = await operate('anchor')
  assert.ok(anchor)
  const answer = await fetch(`${node.url}/quoin/receipts/${receipt.id}/proof`)
  const proof = ReceiptProofJson.parse(await answer.json())
  assert.ok(isReceiptIncluded(receipt.id, proof))
  const before = await balanceOf(node.provider)
  const { paidAtomic } = await operate('settle')
  assert.ok(BigInt(String(paidAtomic)) >= receipt.receipt.amount)
  assert.equal(await balanceOf(node.provider), before + BigInt(String(paidAtomic)))
})

test('a client that goes away pays for what was made, and nothing more', async () => {
  const { client } = payingClient(0)
  const ask = {
    model: modelFor('generation'),
    messages: [{ role: 'user' as const, content: 'Call me Ishmael' }],
    max_completion_tokens: 400,
  }
  const stream = await client.chat.completions.create({ ...ask, stream: true })
  let seen = 0
  for await (const _ of stream) if (++seen === 5) break
  const limit = AbortSignal.timeout(10_000)
  for (;;) {
    const newest = await node.market.receipts.list({ payer: payer(0).address, limit: 1 })
    const made = newest[0]?.receipt.unitsOut ?? 0n
    if (newest[0] && newest[0].receipt.sequence === 1n && made < 400n) break
    limit.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})

const spendControls = {
  allowedAssets: [{ network, asset: predeployAddresses.credit }],
}

function embed(pay: typeof fetch, input: string): Promise<Response> {
  return pay(`${node.url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: modelFor('embedding'), input }),
  })
}

test('stock @x402/fetch pays with exact', async () => {
  const client = new x402Client().register(network, new ExactEvmScheme(payer(3)))
  client.setSpendControls(spendControls)
  const before = await balanceOf(payer(3).address)
  const answer = await embed(wrapFetchWithPayment(fetch, client), 'paid by a transfer')
  assert.equal(answer.status, 200)
  const { receipt } = receiptOf(answer)
  await operate('settle')
  assert.equal(await balanceOf(payer(3).address), before - receipt.amount)
})

test('stock @x402/fetch pays with batch settlement, one call after another and at once', async () => {
  const reader = createPublicClient({ transport: http(node.rpcUrl) })
  const scheme = new BatchSettlementEvmScheme(toClientEvmSigner(payer(3), reader))
  const client = new x402Client().register(network, scheme)
  client.setSpendControls(spendControls)
  const pay = wrapFetchWithPayment(fetch, client)
  for (const input of ['one', 'two', 'three']) {
    const answer = await embed(pay, input)
    assert.equal(answer.status, 200)
    assert.ok(await isReceiptSigned(receiptOf(answer), domain))
  }
  const answers = await Promise.all(
    ['four', 'five', 'six', 'seven'].map((text) => embed(pay, text)),
  )
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  )
  const refund = await scheme.refund(`${node.url}/v1/embeddings`)
  assert.ok(refund.success)
})

test('a stock client pays for a stream, and for what comes after it', async () => {
  const reader = createPublicClient({ transport: http(node.rpcUrl) })
  const scheme = new BatchSettlementEvmScheme(toClientEvmSigner(payer(2), reader))
  const stock = new x402Client().register(network, scheme)
  stock.setSpendControls(spendControls)
  const pay = wrapFetchWithPayment(fetch, stock)
  const client = new OpenAI({
    baseURL: `${node.url}/v1`,
    apiKey: 'none',
    fetch: pay,
    maxRetries: 0,
  })
  for (let count = 0; count < 3; count++) {
    const stream = await client.completions.create({
      model: modelFor('generation'),
      prompt: 'Once more',
      max_tokens: 20,
      stop: ' the',
      stream: true,
    })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? ''
    assert.ok(!text.includes(' the'))
    assert.equal((await embed(pay, 'between streams')).status, 200)
  }
})

test('a retry with the same idempotency key gives the same answer and receipt, for free', async () => {
  const client = new x402Client().register(network, new ExactEvmScheme(payer(3)))
  client.setSpendControls(spendControls)
  const pay = wrapFetchWithPayment(fetch, client)
  const call = (stream: boolean, key: string) =>
    pay(`${node.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({
        model: modelFor('generation'),
        prompt: 'It was',
        max_tokens: 5,
        stream,
      }),
    })
  for (const stream of [false, true]) {
    const key = `retry of stream ${stream}`
    const [first, again] = [await call(stream, key), await call(stream, key)]
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.equal(again.headers.get('content-type'), first.headers.get('content-type'))
    assert.equal(await again.text(), await first.text())
  }
  const newest = await node.market.receipts.list({ payer: payer(3).address, limit: 2 })
  assert.equal(new Set(newest.map(({ receipt }) => receipt.idempotencyKeyHash)).size, 2)
})

test('Open Inference is paid by rows or tokens too', async () => {
  const { client, receipts } = payingClient(2)
  const answer = await client.post<{ outputs: { shape: number[] }[] }>(
    `${node.url}/v2/models/${modelFor('embedding')}/infer`,
    { body: { inputs: [{ name: 'ids', datatype: 'INT32', shape: [1, 3], data: [4, 5, 6] }] } },
  )
  assert.deepEqual(answer.outputs[0]?.shape, [1, 512])
  assert.equal(receipts[0]?.receipt.amount, 6n)
})

test('the facilitator speaks to the stock facilitator client', async () => {
  const facilitator = new HTTPFacilitatorClient({ url: `${node.url}/facilitator` })
  const { kinds } = await facilitator.getSupported()
  const schemes = kinds.map((kind) => `${kind.scheme} ${kind.network}`)
  assert.ok(schemes.includes(`exact ${network}`), schemes.join())
  assert.ok(schemes.includes(`batch-settlement ${network}`), schemes.join())
})
