import type { Market } from '@quoin/market'
import { FacilitatorRequest, SettlementResponse, VerifyResponse } from '@quoin/protocol'
import { z } from 'zod'
import { plain, type Route, route } from '../operation.ts'

const Supported = z.object({
  kinds: z.array(z.looseObject({ x402Version: z.int(), scheme: z.string(), network: z.string() })),
  extensions: z.array(z.string()),
  signers: z.record(z.string(), z.array(z.string())),
})

const read = { ...plain, method: 'GET', tag: 'x402' } as const
const write = { ...read, method: 'POST', body: FacilitatorRequest } as const

/** x402's facilitator, version 2, under `/facilitator`: stock clients take that address as their base URL. */
export function facilitatorRoutes({ facilitator }: Market): Route[] {
  return [
    route(
      {
        ...read,
        id: 'facilitatorSupported',
        path: '/facilitator/supported',
        summary: 'Payment schemes and networks',
        answer: Supported,
      },
      async () => ({ kind: 'json', body: facilitator.supported() }),
    ),
    route(
      {
        ...write,
        id: 'facilitatorVerify',
        path: '/facilitator/verify',
        summary: 'Checks a payment',
        answer: VerifyResponse,
      },
      async ({ body }) => ({ kind: 'json', body: await facilitator.verify(body) }),
    ),
    route(
      {
        ...write,
        id: 'facilitatorSettle',
        path: '/facilitator/settle',
        summary: 'Settles a payment on the chain',
        answer: SettlementResponse,
      },
      async ({ body }) => ({ kind: 'json', body: await facilitator.settle(body) }),
    ),
  ]
}
