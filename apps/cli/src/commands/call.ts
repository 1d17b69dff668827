import { type SignedReceipt, toReceiptJson } from '@quoin/protocol'
import { chainAccessOf, payingFetch } from '@quoin/sdk'
import OpenAI from 'openai'
import { type Consumer, openConsumer } from '../client/consumer.ts'
import type { ModelEntry } from '../client/node-client.ts'
import { callRows } from '../client/rows-call.ts'
import type { Context } from '../context.ts'
import { cliError } from '../exit-codes.ts'
import { formatCredit } from '../output/amounts.ts'
import { renderFacts } from '../output/table.ts'
import { shortHex } from '../output/text.ts'

export interface CallOptions {
  model: string
  text: string
  stream: boolean
  maxTokens: number
  cap: bigint
  maxPerCall: bigint
  /** Seconds since 1970. */
  expiresAt: number
}

/** One paid call from the command line; its channel and session key are kept for the next one. */
export async function callModel(context: Context, options: CallOptions): Promise<void> {
  await using consumer = await openConsumer(context)
  const model = await consumer.node.model(options.model)
  const receipts: SignedReceipt[] = []
  const pay = payingFetch(consumer.account, {
    cap: options.cap,
    expiry: options.expiresAt,
    maxPerCall: options.maxPerCall,
    network: consumerNetwork(consumer),
    chain: chainAccessOf(consumer.ledger),
    store: consumer.channels,
    onReceipt: (receipt) => receipts.push(receipt),
  })
  const { url } = consumer.node
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0, fetch: pay })
  context.terminal.progress(`Calling ${model.id} …`)
  const answer = await answerOf({ context, client, url, pay, model, options })
  const [receipt] = receipts
  if (!receipt) throw cliError('VERIFICATION_FAILED', `${model.id} answered without a receipt`)
  const path = await consumer.receipts.add(receipt)
  const { terminal } = context
  terminal.document({ model: model.id, answer, receipt: toReceiptJson(receipt), receiptFile: path })
  terminal.line(terminal.style('dim', receiptLine(receipt)))
}

export function receiptLine({ id, receipt }: SignedReceipt): string {
  const { unitsIn, unitsOut, amount, cumulative } = receipt
  const units = unitsOut === 0n ? `${unitsIn} in` : `${unitsIn} in, ${unitsOut} out`
  return `Receipt ${shortHex(id)}  ${units}  ${formatCredit(amount)}  (${formatCredit(cumulative)} on this channel)`
}

export function consumerNetwork({ info }: Consumer) {
  const network = `eip155:${info.chainId}`
  const asset = info.contracts.credit
  if (!asset?.startsWith('0x'))
    throw cliError('NOT_REACHABLE', 'The gateway does not say where its Credit is')
  return {
    chainId: info.chainId,
    network,
    assets: [{ network, asset: `0x${asset.slice(2)}` as const }],
  }
}

interface Question {
  context: Context
  client: OpenAI
  url: string
  pay: typeof fetch
  model: ModelEntry
  options: CallOptions
}

function answerOf(question: Question): Promise<unknown> {
  switch (question.model.quoin.task) {
    case 'embedding':
      return embed(question)
    case 'generation':
      return question.options.stream ? chatStreamed(question) : chat(question)
    case 'classification':
    case 'regression':
      return predict(question)
  }
}

async function predict({ context, url, pay, model, options }: Question): Promise<unknown> {
  const { signal, terminal } = context
  const call = { url, model: model.id, text: options.text, signal }
  const answer = await callRows(call, pay)
  const facts = answer.outputs.map(({ name, shape, data }): [string, string] => {
    const width = shape.slice(1).reduce((product, side) => product * side, 1)
    const rows = Array.from({ length: shape[0] ?? 0 }, (_, at) =>
      data.slice(at * width, (at + 1) * width).join(' '),
    )
    return [name, rows.join(', ')]
  })
  for (const line of renderFacts(facts)) terminal.line(line)
  return answer
}

async function embed({ context, client, model, options }: Question): Promise<unknown> {
  const { signal, terminal } = context
  const request = { model: model.id, input: options.text, encoding_format: 'float' as const }
  const { data } = await client.embeddings.create(request, { signal })
  const vector = data[0]?.embedding ?? []
  const head = vector.slice(0, 6).map((value) => value.toFixed(4))
  terminal.line(`${vector.length} dimensions: ${head.join(' ')} …`)
  return { embedding: vector }
}

async function chat({ context, client, model, options }: Question): Promise<unknown> {
  const { signal, terminal } = context
  const completion = await client.chat.completions.create(
    {
      model: model.id,
      messages: [{ role: 'user', content: options.text }],
      max_completion_tokens: options.maxTokens,
    },
    { signal },
  )
  const text = completion.choices[0]?.message.content ?? ''
  terminal.line(text)
  return { text, usage: completion.usage ?? null }
}

async function chatStreamed({ context, client, model, options }: Question): Promise<unknown> {
  const { signal, terminal } = context
  const stream = await client.chat.completions.create(
    {
      model: model.id,
      messages: [{ role: 'user', content: options.text }],
      max_completion_tokens: options.maxTokens,
      stream: true,
      stream_options: { include_usage: true },
    },
    { signal },
  )
  let text = ''
  let usage: unknown = null
  try {
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta.content ?? ''
      text += piece
      usage = chunk.usage ?? usage
      terminal.write(piece)
    }
  } finally {
    terminal.line()
  }
  return { text, usage }
}
