/**
 * Pays for calls of the unmodified OpenAI client on a node started with `npm start`, and checks a receipt.
 * Run: npx node examples/pay-with-openai.ts [GATEWAY_URL] [RPC_URL]
 */
import { parseMoney, type SignedReceipt } from '@quoin/protocol'
import { connectChain, payingFetch, verifyReceipt } from '@quoin/sdk'
import OpenAI from 'openai'
import { mnemonicToAccount } from 'viem/accounts'

const [gatewayUrl = 'http://127.0.0.1:8402', rpcUrl = 'http://127.0.0.1:8545'] =
  process.argv.slice(2)

// The public development account of a private chain. Anywhere else: an account of your own.
const account = mnemonicToAccount('test test test test test test test test test test test junk')
const receipts: SignedReceipt[] = []
await using chain = connectChain({ rpcUrl, account })

const openai = new OpenAI({
  baseURL: `${gatewayUrl}/v1`,
  apiKey: 'none',
  fetch: payingFetch(account, {
    cap: parseMoney('1'), // at most 1 QCR, enforced on the chain
    expiry: new Date(Date.now() + 3_600_000), // for an hour
    chain,
    onReceipt: (receipt) => receipts.push(receipt),
  }),
})

const answer = await openai.embeddings.create({
  model: 'use-lite',
  input: 'A quoin is a cornerstone.',
})
console.log(`${answer.data[0]?.embedding.length} numbers for ${answer.usage.total_tokens} tokens`)

const stream = await openai.chat.completions.create({
  model: 'tiny-lm',
  messages: [{ role: 'user', content: 'The state of the union is' }],
  max_tokens: 24,
  stream: true,
})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')

for (const receipt of receipts) {
  const { valid } = await verifyReceipt(receipt, { rpcUrl })
  console.log(
    `\nreceipt ${receipt.id} over ${receipt.receipt.amount} atomic units: ${valid ? 'valid' : 'NOT VALID'}`,
  )
}
