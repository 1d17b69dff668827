import type { Hex } from '@quoin/kernel'
import {
  batchScheme,
  ExactPayload,
  exactScheme,
  FacilitatorBatchPayload,
  FacilitatorRequest,
  x402Errors,
} from '@quoin/protocol'

export type FacilitatorPayload =
  | { scheme: 'exact'; payload: ExactPayload; request: FacilitatorRequest }
  | { scheme: 'batch-settlement'; payload: FacilitatorBatchPayload; request: FacilitatorRequest }

export type ParsedRequest =
  | { ok: true; value: FacilitatorPayload }
  | { ok: false; reason: string; message: string }

/** What a resource server posted to `/verify` or `/settle`, in the terms of this chain. */
export function parseRequest(
  body: unknown,
  terms: { network: string; asset: string; onlyReceiver: Hex | null },
): ParsedRequest {
  const parsed = FacilitatorRequest.safeParse(body)
  if (!parsed.success) return no(x402Errors.invalidPayment, parsed.error.issues[0]?.message ?? '')
  const request = parsed.data
  const { paymentPayload, paymentRequirements: wanted } = request
  const { scheme } = wanted
  const isExact = scheme === exactScheme
  if (scheme !== paymentPayload.accepted.scheme || (!isExact && scheme !== batchScheme))
    return no(isExact ? x402Errors.exactScheme : x402Errors.batchScheme, 'Another scheme')
  if (wanted.network !== terms.network || paymentPayload.accepted.network !== wanted.network)
    return no(
      isExact ? x402Errors.exactNetwork : x402Errors.batchNetwork,
      `This facilitator serves ${terms.network}`,
    )
  if (wanted.asset !== terms.asset)
    return no(x402Errors.tokenMismatch, `This facilitator takes ${terms.asset}`)
  if (terms.onlyReceiver !== null && wanted.payTo !== terms.onlyReceiver) return ownOnly
  const result = parsePayload(request, isExact)
  const type = result.ok && result.value.scheme === batchScheme ? result.value.payload.type : null
  // These name receivers of their own; ours claims by itself.
  if (terms.onlyReceiver !== null && (type === 'claim' || type === 'settle')) return ownOnly
  return result
}

const ownOnly = no(
  'facilitator_own_receiver_only',
  'This facilitator brings only payments to its own node onto the chain',
)

function parsePayload(request: FacilitatorRequest, isExact: boolean): ParsedRequest {
  const { payload } = request.paymentPayload
  if (isExact) {
    const exact = ExactPayload.safeParse(payload)
    if (!exact.success) return no(x402Errors.unsupportedPayload, 'Not an EIP-3009 payload')
    return { ok: true, value: { scheme: 'exact', payload: exact.data, request } }
  }
  const batch = FacilitatorBatchPayload.safeParse(payload)
  if (!batch.success) return no(x402Errors.batchPayload, 'Not a batch-settlement payload')
  return { ok: true, value: { scheme: 'batch-settlement', payload: batch.data, request } }
}

function no(reason: string, message: string): ParsedRequest {
  return { ok: false, reason, message }
}
