import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashStream, receiptMember, type SignedReceipt, toReceiptJson } from '@quoin/protocol'
import { type AnswerProof, watchStream } from './answer.ts'

const bytes32 = `0x${'ab'.repeat(32)}` as const
const address = `0x${'cd'.repeat(20)}` as const

const signed: SignedReceipt = {
  id: bytes32,
  signature: `0x${'11'.repeat(65)}`,
  modelCid: 'bafkrei',
  receipt: {
    serviceId: bytes32,
    channelId: bytes32,
    payer: address,
    provider: address,
    sequence: 1n,
    requestHash: bytes32,
    responseHash: bytes32,
    modelCidHash: bytes32,
    runtimeId: bytes32,
    unitsIn: 1n,
    unitsOut: 2n,
    amount: 3n,
    cumulative: 3n,
    time: 4n,
    idempotencyKeyHash: bytes32,
  },
}

const events = ['{"a":1}', '{"b":"é"}', JSON.stringify({ [receiptMember]: toReceiptJson(signed) })]
const text = `${events.map((event) => `data: ${event}\n\n`).join('')}data: [DONE]\n\n`

/** The text in chunks of `size` bytes, wherever they may cut it. */
function streamed(size: number, onCancel: () => void = () => {}): Response {
  const bytes = new TextEncoder().encode(text)
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(sent, sent + size))
      sent += size
    },
    cancel: onCancel,
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

test('a stream passes untouched however it is cut, and its receipt is found', async () => {
  for (const size of [1, 7, 64, 100_000]) {
    const proofs: AnswerProof[] = []
    const response = watchStream(streamed(size), {
      ended: async (proof) => void proofs.push(proof),
      broken: () => assert.fail('it is whole'),
    })
    assert.equal(await response.text(), text)
    assert.deepEqual(proofs, [{ receipt: signed, responseHash: hashStream(events) }])
  }
})

test('a reader that stops at the last event has its receipt already', async () => {
  let ended = 0
  const watch = { ended: async () => void ended++, broken: () => assert.fail('it is whole') }
  const response = watchStream(streamed(16), watch)
  let seen = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    seen += decoder.decode(chunk, { stream: true })
    if (seen.endsWith('[DONE]\n\n')) break
  }
  assert.equal(ended, 1)
})

test('a reader that leaves early is told as broken, and the source is cancelled', async () => {
  let broken = 0
  let cancelled = 0
  const response = watchStream(
    streamed(4, () => cancelled++),
    { ended: () => assert.fail('it never ended'), broken: () => broken++ },
  )
  for await (const _ of response.body ?? []) break
  assert.deepEqual([broken, cancelled], [1, 1])
})

test('a wrong receipt breaks the stream before its last event', async () => {
  const response = watchStream(streamed(16), {
    ended: () => Promise.reject(new Error('forged')),
    broken: () => assert.fail('it is whole'),
  })
  await assert.rejects(response.text(), /forged/)
})

test('an answer that breaks off is an error that says so, and is told once', async () => {
  let broken = 0
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: {}\n\n')),
    pull: (controller) => controller.error(new TypeError('terminated')),
  })
  const watch = { ended: async () => assert.fail('it is not whole'), broken: () => void broken++ }
  const response = watchStream(new Response(body), watch)
  await assert.rejects(response.text(), { code: 'ANSWER_BROKEN' })
  assert.equal(broken, 1)
})
