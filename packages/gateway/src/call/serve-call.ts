import type { Admission, Market } from '@quoin/market'
import { priceOf } from '@quoin/protocol'
import { gatewayError } from '../errors.ts'
import type { Answer, Exchange } from '../operation.ts'
import { isFree } from '../service.ts'
import { answerStream } from './answer-stream.ts'
import { answerWhole } from './answer-whole.ts'
import type { CallGate } from './call-gate.ts'
import type { CallPlan } from './call-plan.ts'
import { type Call, type CallContext, release } from './charge.ts'
import { findReceipt, lowerCaseNames, receiptToMember } from './receipt-wire.ts'
import { requestHash } from './request-hash.ts'

/** What serving a call needs of the gateway. */
export interface ServeContext extends CallContext {
  market: Market
  gate: CallGate
  callMs: number
}

/** Serves a planned call; `sent` is the request's body as it came. */
export type Serve = (plan: CallPlan, exchange: Exchange, sent: unknown) => Promise<Answer>

/**
 * Serves one metered call: admission, the model, the charge, the answer, in this order. A client that
 * leaves stops the model, and is charged for what was made. Nothing is charged when the model fails.
 * `sent` is the request's body as it came.
 * @throws CodedError of the gateway, the model or the market
 */
export async function serveCall(
  context: ServeContext,
  plan: CallPlan,
  exchange: Exchange,
  sent: unknown,
): Promise<Answer> {
  const stop = new AbortController()
  context.gate.enter(stop)
  exchange.connection.onGone(() =>
    stop.abort(gatewayError('CALL_CANCELLED', 'The client left before the end of its call')),
  )
  const timer = setTimeout(
    () => stop.abort(gatewayError('CALL_TIMED_OUT', `The call took over ${context.callMs} ms`)),
    context.callMs,
  )
  try {
    const call = { plan, exchange, signal: stop.signal }
    return await admitAndAnswer(context, { ...call, begin: () => context.gate.begin(stop) }, sent)
  } finally {
    clearTimeout(timer)
    context.gate.leave(stop)
  }
}

interface ArrivedCall extends Omit<Call, 'paid'> {
  /** Takes a place among the calls that run. */
  begin(): void
}

async function admitAndAnswer(
  context: ServeContext,
  call: ArrivedCall,
  sent: unknown,
): Promise<Answer> {
  if (isFree(call.plan.offer.service)) return answer(context, { ...call, paid: null })
  const admission = await admit(context.market, call, sent)
  if (admission.kind === 'admitted') return answer(context, { ...call, paid: admission.call })
  if (admission.kind === 'replayed') return replay(admission, call.plan)
  return {
    kind: 'bytes',
    status: admission.status,
    headers: { 'content-type': 'application/json', ...lowerCaseNames(admission.headers) },
    body: JSON.stringify(admission.body),
  }
}

async function answer(context: CallContext, call: Call & ArrivedCall): Promise<Answer> {
  try {
    call.begin()
  } catch (error) {
    await release(context, call, error)
    throw error
  }
  const made = call.plan.answer
  return made.kind === 'whole'
    ? answerWhole(context, call, made)
    : answerStream(context, call, made)
}

function admit(market: Market, call: Omit<Call, 'paid'>, sent: unknown): Promise<Admission> {
  const { offer, ceiling, answer } = call.plan
  const { headers, url } = call.exchange
  const payment = headers['payment-signature']
  const idempotencyKey = headers['idempotency-key']
  return market.admit({
    serviceId: offer.service.serviceId,
    modelCid: offer.model.manifest.modelCid,
    runtimeId: offer.model.manifest.runtimeId,
    resource: {
      url,
      description: offer.model.manifest.title,
      mimeType: answer.kind === 'stream' ? 'text/event-stream' : 'application/json',
    },
    ceilingAtomic: priceOf(offer.service, ceiling),
    ...(offer.service.payTo && { payTo: offer.service.payTo }),
    ...(typeof payment === 'string' && { paymentHeader: payment }),
    ...(typeof idempotencyKey === 'string' && { idempotencyKey }),
    requestHash: requestHash(sent),
    signal: call.signal,
  })
}

/** Of a stream its payloads were kept, without the receipt that holds their hash: it is framed again. */
function replay(admission: Extract<Admission, { kind: 'replayed' }>, plan: CallPlan): Answer {
  const { status, body } = admission
  const { answer } = plan
  const headers = lowerCaseNames(admission.headers)
  const isStream = headers['content-type']?.startsWith('text/event-stream')
  if (answer.kind === 'whole' || !isStream) return { kind: 'bytes', status, headers, body }
  const payloads = new TextDecoder().decode(body).split('\n').slice(0, -1)
  const receipt = findReceipt(headers)
  if (receipt) payloads.push(answer.carry(receiptToMember(receipt), payloads.at(-1) ?? '{}'))
  const events = payloads.map(answer.frame).join('') + answer.end
  return { kind: 'bytes', status, headers, body: events }
}
