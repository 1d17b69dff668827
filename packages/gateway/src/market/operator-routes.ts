import type { Hex } from '@quoin/kernel'
import type { Market } from '@quoin/market'
import { AnchorJson, Bytes32, toReceiptJson } from '@quoin/protocol'
import { z } from 'zod'
import { plain, type Route, route } from '../operation.ts'

const atomic = z
  .string()
  .regex(/^\d{1,30}$/, 'An amount is a whole number of atomic units, as text')
  .default('0')
  .transform(BigInt)

/** What the operator asks to sell: a model that the host has, at a price in atomic units of Credit. */
export const PublishRequest = z.strictObject({
  model: z.string().min(1).max(200),
  callAtomic: atomic,
  inAtomicPerMillion: atomic,
  outAtomicPerMillion: atomic,
})
export type PublishRequest = z.output<typeof PublishRequest>

/** What is on the chain after a publication; a transaction is null where nothing had to be written. */
export interface Publication {
  modelCid: string
  serviceId: Hex
  artifactTransaction: Hex | null
  serviceTransaction: Hex | null
}

/** Registers the model as an artifact and a service with this price, and sells it from then on. */
export type Publish = (request: PublishRequest) => Promise<Publication>

/** Adds to the price list while the node runs. */
export function publishRoute(publish: Publish): Route {
  return route(
    {
      ...write,
      id: 'publishService',
      path: '/quoin/admin/services',
      summary: 'Registers a model as an artifact and a service with a price, and sells it',
      body: PublishRequest,
      answer: z.object({
        modelCid: z.string(),
        serviceId: Bytes32,
        artifactTransaction: Bytes32.nullable(),
        serviceTransaction: Bytes32.nullable(),
      }),
    },
    async ({ body }) => ({ kind: 'json', body: await publish(body) }),
  )
}

const write = { ...plain, method: 'POST', tag: 'Market', access: 'operator' } as const

/** What the market else does by itself at intervals, at once. */
export function operatorRoutes(market: Market): Route[] {
  return [
    route(
      {
        ...write,
        id: 'anchorReceipts',
        path: '/quoin/admin/anchor',
        summary: 'Anchors the receipts that are not anchored yet',
        answer: z.object({ anchor: AnchorJson.nullable() }),
      },
      async () => {
        const anchor = await market.anchorNow()
        return { kind: 'json', body: { anchor: anchor && toReceiptJson(anchor) } }
      },
    ),
    route(
      {
        ...write,
        id: 'settleChannels',
        path: '/quoin/admin/settle',
        summary: 'Claims what channels owe and pays it out to the provider',
        answer: z.object({
          claims: z.array(z.object({ channelId: Bytes32, totalClaimed: z.string() })),
          transactions: z.array(Bytes32),
          paidAtomic: z.string(),
        }),
      },
      async () => ({ kind: 'json', body: toReceiptJson(await market.settleNow()) }),
    ),
  ]
}
