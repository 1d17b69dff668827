import type { Hex } from '@quoin/kernel'
import type { ReceiptProof, SignedReceipt } from '@quoin/protocol'
import { toReceiptJson } from '@quoin/protocol'
import { chainAccessOf, payingFetch } from '@quoin/sdk'
import OpenAI from 'openai'
import { consumerNetwork } from '../commands/call.ts'
import { cliError } from '../exit-codes.ts'
import { formatCredit } from '../output/amounts.ts'
import { cap, requireChannel } from './pay.ts'
import type { CallReport } from './report.ts'
import type { Deed, Stage } from './stage.ts'

/** The exact bytes of one exchange, by which its receipt is verified at the end. */
interface Evidence {
  request: unknown
  response: Uint8Array | { stream: string }
}

/** What the exchange leaves for the verification. */
export interface Exchanged {
  calls: CallReport[]
  evidence: Evidence[]
  proofs: Map<Hex, ReceiptProof>
}

const prompts = [
  { prompt: 'The state of the union is', streamed: false },
  { prompt: 'Call me Ishmael.', streamed: true },
  { prompt: 'The whale', streamed: false },
]

/** Calls through the unmodified `openai` package, paid by its `fetch`; then the receipts' root goes on the chain. */
export async function exchange(stage: Stage, exchanged: Exchanged): Promise<Deed> {
  const { consumer, token } = stage
  const receipts: SignedReceipt[] = []
  const client = openClient(stage, exchanged.evidence, receipts)
  for (const { prompt, streamed } of prompts) {
    const startedAt = performance.now()
    const answer = await ask(stage, client, { prompt, streamed })
    const milliseconds = performance.now() - startedAt
    const receipt = receipts.at(-1)
    if (!receipt || receipts.length !== exchanged.calls.length + 1)
      throw cliError('CHECK_FAILED', 'A paid call gave no receipt of its own')
    await consumer.receipts.add(receipt)
    exchanged.calls.push({ prompt, answer, streamed, milliseconds, receipt })
  }
  const anchored = await consumer.node.anchor(token)
  for (const { id } of receipts) {
    const proof = await consumer.node.proof(id)
    if (!proof) throw cliError('CHECK_FAILED', `Receipt ${id} was not anchored`)
    exchanged.proofs.set(id, proof)
  }
  const anchor = [...exchanged.proofs.values()].at(-1)?.anchor ?? anchored
  if (!anchor) throw cliError('CHECK_FAILED', 'The receipts were not anchored')
  const charged = receipts.reduce((sum, { receipt }) => sum + receipt.amount, 0n)
  return {
    summary: `${receipts.length} calls of ${stage.model.id} for ${formatCredit(charged)}, each with a receipt; their Merkle root is on the chain`,
    transactions: [{ doing: 'anchor', hash: anchor.transactionHash }],
    creditsSpent: 0n,
    detail: {
      charged,
      calls: exchanged.calls.map((call) => ({ ...call, receipt: toReceiptJson(call.receipt) })),
      anchor: toReceiptJson(anchor),
    },
  }
}

function openClient(stage: Stage, evidence: Evidence[], receipts: SignedReceipt[]): OpenAI {
  const { consumer } = stage
  return new OpenAI({
    baseURL: `${consumer.node.url}/v1`,
    apiKey: 'none',
    maxRetries: 0,
    fetch: payingFetch(consumer.account, {
      cap,
      expiry: Math.floor(Date.now() / 1000) + 3000,
      network: consumerNetwork(consumer),
      chain: chainAccessOf(consumer.ledger),
      store: consumer.channels,
      channelId: requireChannel(stage),
      onReceipt: (receipt) => receipts.push(receipt),
      fetch: recordingFetch(evidence),
    }),
  })
}

/** Keeps the bytes of each answer that was paid for. */
function recordingFetch(evidence: Evidence[]): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (!response.ok || !response.body || !(init?.body instanceof Uint8Array)) return response
    const request: unknown = JSON.parse(new TextDecoder().decode(init.body))
    const [kept, passed] = response.body.tee()
    const entry: Evidence = { request, response: new Uint8Array() }
    evidence.push(entry)
    const streams = response.headers.get('content-type')?.startsWith('text/event-stream')
    const reading = new Response(kept).arrayBuffer().then((buffer) => {
      const bytes = new Uint8Array(buffer)
      entry.response = streams ? { stream: new TextDecoder().decode(bytes) } : bytes
    })
    reading.catch(() => {})
    const { status, statusText, headers } = response
    return new Response(passed, { status, statusText, headers })
  }
}

async function ask(
  { model, context }: Stage,
  client: OpenAI,
  { prompt, streamed }: { prompt: string; streamed: boolean },
): Promise<string> {
  const { signal } = context
  if (model.quoin.task === 'embedding') {
    const { data } = await client.embeddings.create({ model: model.id, input: prompt }, { signal })
    return `${data[0]?.embedding.length} dimensions`
  }
  const request = {
    model: model.id,
    messages: [{ role: 'user' as const, content: prompt }],
    max_completion_tokens: 32,
    seed: 7,
  }
  if (!streamed) {
    const completion = await client.chat.completions.create(request, { signal })
    return completion.choices[0]?.message.content ?? ''
  }
  const stream = await client.chat.completions.create({ ...request, stream: true }, { signal })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  return text
}
