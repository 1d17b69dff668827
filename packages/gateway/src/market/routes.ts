import type { Market } from '@quoin/market'
import {
  Address,
  Bytes32,
  ReceiptProofJson,
  SignedReceiptJson,
  toReceiptJson,
} from '@quoin/protocol'
import { z } from 'zod'
import { gatewayError } from '../errors.ts'
import { ModelObject, offerToModelObject } from '../openai/model-list.ts'
import { plain, type Route, route } from '../operation.ts'
import type { Catalogue } from '../service.ts'
import { ChannelJson, channelToJson } from './channel-json.ts'

const read = { ...plain, method: 'GET', tag: 'Market' } as const
const receiptId = z.object({ id: Bytes32 })
const limit = z.coerce.number().int().min(1).max(200).default(100)

/** What is sold, and the proof of what was sold: services, receipts, proofs, channels. */
export function marketRoutes(market: Market, catalogue: Catalogue): Route[] {
  return [serviceRoute(catalogue), ...receiptRoutes(market), ...channelRoutes(market)]
}

function serviceRoute(catalogue: Catalogue): Route {
  const answer = z.object({ services: z.array(ModelObject) })
  return route(
    { ...read, id: 'listServices', path: '/quoin/services', summary: 'The price list', answer },
    async () => ({ kind: 'json', body: { services: catalogue.list().map(offerToModelObject) } }),
  )
}

function receiptRoutes({ receipts }: Market): Route[] {
  const query = z.object({
    channel: Bytes32.optional(),
    payer: Address.optional(),
    before: z.coerce.bigint().min(0n).optional().describe('Only receipts with a smaller sequence'),
    limit,
  })
  return [
    route(
      {
        ...read,
        id: 'listReceipts',
        path: '/quoin/receipts',
        summary: 'Receipts, the newest first',
        query,
        answer: z.object({ receipts: z.array(SignedReceiptJson) }),
      },
      async ({ query: { channel, payer, before, limit } }) => {
        const found = await receipts.list({
          ...(channel !== undefined && { channelId: channel }),
          ...(payer !== undefined && { payer }),
          ...(before !== undefined && { before }),
          limit,
        })
        return { kind: 'json', body: { receipts: found.map(toReceiptJson) } }
      },
    ),
    route(
      {
        ...read,
        id: 'getReceipt',
        path: '/quoin/receipts/{id}',
        summary: 'One receipt',
        params: receiptId,
        answer: SignedReceiptJson,
      },
      async ({ params: { id } }) => ({
        kind: 'json',
        body: toReceiptJson((await receipts.get(id)) ?? missing(`receipt ${id}`)),
      }),
    ),
    route(
      {
        ...read,
        id: 'getReceiptProof',
        path: '/quoin/receipts/{id}/proof',
        summary: 'The Merkle proof of a receipt, once it is anchored',
        params: receiptId,
        answer: ReceiptProofJson,
      },
      async ({ params: { id } }) => ({
        kind: 'json',
        body: toReceiptJson(
          (await receipts.proof(id)) ?? missing(`proof of ${id}; it may not be anchored yet`),
        ),
      }),
    ),
  ]
}

function channelRoutes({ channels }: Market): Route[] {
  return [
    route(
      {
        ...read,
        id: 'listChannels',
        path: '/quoin/channels',
        summary: 'Channels of a payer',
        query: z.object({ payer: Address.optional(), limit }),
        answer: z.object({ channels: z.array(ChannelJson) }),
      },
      async ({ query: { payer, limit } }) => {
        const found = await channels.list({ ...(payer !== undefined && { payer }), limit })
        return { kind: 'json', body: { channels: found.map(channelToJson) } }
      },
    ),
    route(
      {
        ...read,
        id: 'getChannel',
        path: '/quoin/channels/{id}',
        summary: 'One channel',
        params: receiptId,
        answer: ChannelJson,
      },
      async ({ params: { id } }) => ({
        kind: 'json',
        body: channelToJson((await channels.get(id)) ?? missing(`channel ${id}`)),
      }),
    ),
  ]
}

function missing(what: string): never {
  throw gatewayError('NOT_FOUND', `There is no ${what}`)
}
