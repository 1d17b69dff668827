import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { predeployAddresses } from '@quoin/contracts'
import { HTTPFacilitatorClient } from '@x402/core/server'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/server'
import { ExactEvmScheme } from '@x402/evm/exact/server'
import { paymentMiddleware, x402ResourceServer } from '@x402/express'
import express from 'express'
import { privateKeyToAccount } from 'viem/accounts'
import type { Market } from '../interface.ts'
import { startAnvil, type TestChain } from '../test-support/anvil.ts'
import { openTestMarket, temporaryFolder } from '../test-support/open-test-market.ts'
import { stockBatchClient, stockExactClient } from '../test-support/stock-clients.ts'

const stack = new AsyncDisposableStack()
const receiver = privateKeyToAccount(`0x${'77'.repeat(32)}`)
let chain: TestChain
let market: Market
let facilitator: HTTPFacilitatorClient
let scheme: BatchSettlementEvmScheme
let url: string

before(async () => {
  const folder = stack.use(await temporaryFolder())
  chain = stack.use(await startAnvil())
  market = stack.use(await openTestMarket(chain, folder.path))
  facilitator = new HTTPFacilitatorClient({ url: await listen(facilitatorServer()) })
  url = await listen(createServer(stockResourceServer()))
})
after(() => stack.disposeAsync())

test('a stock resource server settles exact payments through our facilitator', async () => {
  const { fetch } = stockExactClient(chain, 5)
  const before = await creditOf(receiver.address)
  const response = await fetch(`${url}/exact`)
  assert.equal(response.status, 200)
  assert.equal((await creditOf(receiver.address)) - before, 1000n)
})

test('a stock batch-settlement server opens, claims, pays out and refunds through our facilitator', async () => {
  const { fetch, scheme: client } = stockBatchClient(chain, 6)
  for (let i = 0; i < 3; i++) assert.equal((await fetch(`${url}/batch`)).status, 200)
  const network = `eip155:${chain.chainId}` as const
  const manager = scheme.createChannelManager(facilitator, network, predeployAddresses.credit)
  const before = await creditOf(receiver.address)
  const { claims } = await manager.claimAndSettle()
  assert.equal(claims.length, 1)
  assert.equal((await creditOf(receiver.address)) - before, 3000n)
  const refund = await client.refund(`${url}/batch`)
  assert.equal(refund.success, true)
  assert.equal(refund.amount, '7000')
})

test('what cannot be settled is named in the stock words', async () => {
  const supported = await facilitator.getSupported()
  assert.deepEqual(
    supported.kinds.map(({ scheme: kind }) => kind),
    ['exact', 'batch-settlement'],
  )
  const other = { x402Version: 2, paymentPayload: {}, paymentRequirements: {} }
  const verdict = await market.facilitator.verify(other)
  assert.deepEqual('isValid' in verdict && verdict.isValid, false)
})

function stockResourceServer() {
  const network = `eip155:${chain.chainId}` as const
  scheme = new BatchSettlementEvmScheme(receiver.address, {
    receiverAuthorizerSigner: receiver,
    withdrawDelay: 900,
  })
  const resources = new x402ResourceServer(facilitator)
    .register(network, scheme)
    .register(network, new ExactEvmScheme())
  const asset = predeployAddresses.credit
  const extra = { name: 'Quoin Credit', version: '1' }
  const offer = (kind: string) => ({
    accepts: {
      scheme: kind,
      network,
      payTo: receiver.address,
      price: { asset, amount: '1000', extra },
    },
    description: 'test',
    mimeType: 'application/json',
  })
  const app = express()
  const routes = { 'GET /exact': offer('exact'), 'GET /batch': offer('batch-settlement') }
  app.use(paymentMiddleware(routes, resources))
  app.get(['/exact', '/batch'], (_, response) => {
    response.json({ ok: 1 })
  })
  return app
}

function facilitatorServer(): Server {
  return createServer((request, response) => {
    const answer = async (): Promise<object> => {
      if (request.url === '/supported') return market.facilitator.supported()
      let text = ''
      for await (const chunk of request) text += chunk
      const body: unknown = JSON.parse(text)
      return request.url === '/verify'
        ? market.facilitator.verify(body)
        : market.facilitator.settle(body)
    }
    answer().then(
      (body) => response.end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

function creditOf(account: `0x${string}`): Promise<bigint> {
  return chain.client.readContract({
    address: predeployAddresses.credit,
    abi: [
      {
        type: 'function',
        name: 'balanceOf',
        stateMutability: 'view',
        inputs: [{ type: 'address' }],
        outputs: [{ type: 'uint256' }],
      },
    ],
    functionName: 'balanceOf',
    args: [account],
  })
}

test('a facilitator for its own node alone refuses payments to others, and says so', async () => {
  await using folder = await temporaryFolder()
  await using own = await openTestMarket(chain, folder.path, { facilitateFor: 'own' })
  const { kinds } = own.facilitator.supported() as { kinds: { network: string }[] }
  const offer = {
    scheme: 'exact',
    network: kinds[0]?.network,
    amount: '1000',
    asset: predeployAddresses.credit,
    payTo: receiver.address,
    maxTimeoutSeconds: 300,
    extra: { name: 'Quoin Credit', version: '1' },
  }
  const request = {
    x402Version: 2,
    paymentPayload: { x402Version: 2, accepted: offer, payload: {} },
    paymentRequirements: offer,
  }
  const answer = (await own.facilitator.verify(request)) as { invalidReason?: string }
  assert.equal(answer.invalidReason, 'facilitator_own_receiver_only')
  const toSelf = { ...offer, payTo: own.providerAddress }
  const other = (await own.facilitator.verify({
    ...request,
    paymentPayload: { ...request.paymentPayload, accepted: toSelf },
    paymentRequirements: toSelf,
  })) as { invalidReason?: string }
  assert.notEqual(other.invalidReason, 'facilitator_own_receiver_only')
})
