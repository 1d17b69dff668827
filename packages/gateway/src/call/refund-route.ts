import type { Market } from '@quoin/market'
import { z } from 'zod'
import { gatewayError } from '../errors.ts'
import {
  type Answer,
  type Exchange,
  type Operation,
  plain,
  type Route,
  route,
} from '../operation.ts'
import { lowerCaseNames } from './receipt-wire.ts'
import { requestHash } from './request-hash.ts'

const noService = `0x${'0'.repeat(64)}` as const

/**
 * Stock x402 clients take the rest of a channel back with GET on the address that they paid: without a
 * payment it answers 402 with the terms, with a refund in PAYMENT-SIGNATURE it gives the rest back.
 */
export function refundRoute({ id, path, params }: Operation, market: Market): Route {
  const operation = {
    ...plain,
    method: 'GET',
    tag: 'x402',
    id: `${id}Refund`,
    path,
    params,
    summary: 'The terms of payment; with a refund, gives back what a channel has left',
    answer: z.looseObject({}),
  } as const
  return route(operation, async (_, exchange) => askRefund(market, exchange))
}

async function askRefund(market: Market, exchange: Exchange): Promise<Answer> {
  const left = new AbortController()
  exchange.connection.onGone(() => left.abort())
  const payment = exchange.headers['payment-signature']
  const admission = await market.admit({
    serviceId: noService,
    modelCid: '',
    runtimeId: noService,
    resource: { url: exchange.url, description: 'Refund', mimeType: 'application/json' },
    ceilingAtomic: 0n,
    ...(typeof payment === 'string' && { paymentHeader: payment }),
    requestHash: requestHash(null),
    signal: left.signal,
  })
  if (admission.kind === 'admitted') {
    await admission.call.cancel('GET runs no call')
    throw gatewayError('METHOD_NOT_ALLOWED', 'Calls are made with POST; GET takes refunds only')
  }
  const { status, body } = admission
  const headers = { 'content-type': 'application/json', ...lowerCaseNames(admission.headers) }
  const bytes = admission.kind === 'refused' ? JSON.stringify(body) : admission.body
  return { kind: 'bytes', status, headers, body: bytes }
}
