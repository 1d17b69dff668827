import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { bytesToHex } from '@quoin/kernel'
import { quoinAddresses, quoinChain } from '@quoin/ledger'
import { x402Facilitator } from '@x402/core/facilitator'
import { HTTPFacilitatorClient } from '@x402/core/server'
import { toFacilitatorEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme as FacilitatorScheme } from '@x402/evm/batch-settlement/facilitator'
import { BatchSettlementEvmScheme as ServerScheme } from '@x402/evm/batch-settlement/server'
import { paymentMiddleware, x402ResourceServer } from '@x402/express'
import express from 'express'
import { createWalletClient, http, nonceManager, publicActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { stockReceiverKey } from './keys.ts'
import { answerQuestions, priceAtomic, ServerOrders, type ServerReport } from './protocol.ts'

/** The stock server from npm as its documentation sets it up: Express, its middleware, its facilitator. */
const orders = ServerOrders.parse(JSON.parse(process.argv[2] ?? ''))
const network = `eip155:${orders.chainId}` as const
const account = privateKeyToAccount(bytesToHex(stockReceiverKey), { nonceManager })
const chain = quoinChain({ chainId: orders.chainId })
const wallet = createWalletClient({ account, chain, transport: http(orders.rpcUrl) }).extend(
  publicActions,
)
const { address } = account
const signer = toFacilitatorEvmSigner({
  address,
  getCode: (args) => wallet.getCode(args),
  readContract: (args) => wallet.readContract({ ...args, args: args.args ?? [] }),
  verifyTypedData: (args) => wallet.verifyTypedData(args as never),
  writeContract: (args) => wallet.writeContract(args as never),
  sendTransaction: (args) => wallet.sendTransaction(args as never),
  waitForTransactionReceipt: (args) => wallet.waitForTransactionReceipt(args),
})
const facilitator = new x402Facilitator()
facilitator.register(network, new FacilitatorScheme(signer, account))

const facilitatorApp = express().use(express.json({ limit: '1mb' }))
facilitatorApp.get('/supported', (_, response) => {
  response.json(facilitator.getSupported())
})
for (const operation of ['verify', 'settle'] as const)
  facilitatorApp.post(`/${operation}`, async (request, response) => {
    const { paymentPayload, paymentRequirements } = request.body
    response.json(await facilitator[operation](paymentPayload, paymentRequirements))
  })
const facilitatorUrl = await listen(facilitatorApp)

const scheme = new ServerScheme(account.address, {
  receiverAuthorizerSigner: account,
  withdrawDelay: 900,
})
const resources = new x402ResourceServer(
  new HTTPFacilitatorClient({ url: facilitatorUrl }),
).register(network, scheme)
const app = express()
app.use(
  paymentMiddleware(
    {
      'POST /paid': {
        accepts: {
          scheme: 'batch-settlement',
          network,
          payTo: account.address,
          price: {
            asset: quoinAddresses.credit,
            amount: priceAtomic.toString(),
            extra: { name: 'Quoin Credit', version: '1' },
          },
        },
        description: 'An embedding',
        mimeType: 'application/json',
      },
    },
    resources,
  ),
)
app.use(express.json())
const answer = {
  object: 'list',
  model: 'paid',
  data: [{ object: 'embedding', index: 0, embedding: Array.from({ length: 8 }, () => 0.5) }],
  usage: { prompt_tokens: 1, total_tokens: 1 },
}
app.post(['/paid', '/free'], (_, response) => {
  response.json(answer)
})
const url = await listen(app)
answerQuestions()
const ready: ServerReport = { kind: 'ready', paidUrl: `${url}/paid`, freeUrl: `${url}/free` }
process.send?.(ready)

async function listen(server: ReturnType<typeof express>): Promise<string> {
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}
