import type { Market } from '@quoin/market'
import { AnchorJson, Bytes32, toReceiptJson } from '@quoin/protocol'
import { z } from 'zod'
import { plain, type Route, route } from '../operation.ts'

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
