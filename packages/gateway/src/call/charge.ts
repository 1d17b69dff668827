import type { Logger } from '@quoin/kernel'
import type { PaidCall } from '@quoin/market'
import { priceOf, type SignedReceipt, type Units } from '@quoin/protocol'
import type { GatewayMetrics } from '../node/metrics.ts'
import type { Exchange } from '../operation.ts'
import type { CallPlan } from './call-plan.ts'

export interface CallContext {
  metrics: GatewayMetrics
  logger: Logger
}

/** One admitted call: its plan, its payment (null when the service is free), and what stops it. */
export interface Call {
  plan: CallPlan
  paid: PaidCall | null
  exchange: Exchange
  signal: AbortSignal
}

/** What a call made, as its receipt will bind it. */
export interface Made {
  units: Units
  contentType: string
  body: Uint8Array
  isCut: boolean
}

/**
 * Charges what was made, at most what was admitted; receipt and charge are durable when it resolves.
 * Null for a free service.
 */
export async function charge(
  context: CallContext,
  call: Call,
  made: Made,
): Promise<{ receipt: SignedReceipt; headers: Record<string, string> } | null> {
  const { service } = call.plan.offer
  context.metrics.used(service.modelId, made.units)
  if (!call.paid) return null
  const ceilingAtomic = priceOf(service, call.plan.ceiling)
  const priceAtomic = priceOf(service, made.units)
  const amountAtomic = priceAtomic < ceilingAtomic ? priceAtomic : ceilingAtomic
  const finished = await call.paid.finish({
    amountAtomic,
    unitsIn: made.units.in,
    unitsOut: made.units.out,
    status: 200,
    contentType: made.contentType,
    body: made.body,
    isCut: made.isCut,
  })
  context.metrics.charged(service.modelId, finished.receipt.receipt.amount)
  return finished
}

/** Gives back what was frozen for a call that made nothing; its own failure must not hide the call's. */
export async function release(context: CallContext, call: Call, cause: unknown): Promise<void> {
  try {
    await call.paid?.cancel(cause instanceof Error ? cause.message : 'failed')
  } catch (error) {
    const { requestId } = call.exchange
    context.logger.error({ error, requestId }, 'a failed call could not be cancelled')
  }
}

/** True when the client itself went away, so that what was made is owed. */
export function isClientGone(signal: AbortSignal): boolean {
  return signal.aborted && signal.reason?.code === 'CALL_CANCELLED'
}
