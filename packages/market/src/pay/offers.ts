import { randomBytes } from 'node:crypto'
import type { Hex } from '@quoin/kernel'
import {
  batchScheme,
  type ChannelState,
  exactScheme,
  headerNames,
  type PaymentRequired,
  type PaymentRequirements,
  type VoucherState,
  type X402Error,
  x402Version,
} from '@quoin/protocol'
import type { Admission, CallRequest } from '../interface.ts'

/** What a 402 of this market says, apart from the price. */
export interface OfferTerms {
  network: string
  asset: Hex
  tokenName: string
  tokenVersion: string
  payTo: Hex
  receiverAuthorizer: Hex
  withdrawDelay: number
  maxTimeoutSeconds: number
  /** The deposit that is asked for: this many times the price of one call, and at least the minimum. */
  depositCalls: bigint
  minDepositAtomic: bigint
  schemes: readonly ('batch-settlement' | 'exact')[]
}

export interface Refusal {
  code: X402Error
  /** For people: what was wrong. */
  message: string
  /** For people: what to do. */
  hint: string
  /** Facts for programs, JSON-safe. */
  detail?: Record<string, unknown>
  /** Corrective state for a stock client, put into the batch-settlement offer. */
  state?: { channelState: ChannelState; voucherState: VoucherState | null }
  status?: number
}

function requirementsFor(
  terms: OfferTerms,
  amount: bigint,
  state?: Refusal['state'],
): PaymentRequirements[] {
  return terms.schemes.map((scheme) => ({
    scheme: scheme === 'exact' ? exactScheme : batchScheme,
    network: terms.network,
    amount: amount.toString(),
    asset: terms.asset,
    payTo: terms.payTo,
    maxTimeoutSeconds: terms.maxTimeoutSeconds,
    extra: {
      name: terms.tokenName,
      version: terms.tokenVersion,
      assetTransferMethod: 'eip3009',
      ...(terms.payTo === terms.receiverAuthorizer ? {} : { provider: terms.receiverAuthorizer }),
      ...(scheme === 'exact' ? {} : batchExtra(terms, amount, state)),
    },
  }))
}

const run = randomBytes(6).toString('hex')
let offers = 0

/**
 * Tells calls apart that are alike in all else: a stock client that was corrected pays its second try by the
 * same entry of the first 402, and its place is held for it by this name.
 */
function nextOfferId(): string {
  offers++
  return `${run}-${offers.toString(36)}`
}

function batchExtra(terms: OfferTerms, amount: bigint, state: Refusal['state']) {
  const wished = amount * terms.depositCalls
  const minDeposit = wished > terms.minDepositAtomic ? wished : terms.minDepositAtomic
  return {
    offerId: nextOfferId(),
    receiverAuthorizer: terms.receiverAuthorizer,
    withdrawDelay: terms.withdrawDelay,
    minDeposit: minDeposit.toString(),
    ...(state ? { channelState: state.channelState } : {}),
    ...(state?.voucherState ? { voucherState: state.voucherState } : {}),
  }
}

export type Refused = Extract<Admission, { kind: 'refused' }>

/** A 402 with its PAYMENT-REQUIRED header and a body that a person can read. */
export function paymentRequired(terms: OfferTerms, call: CallRequest, refusal?: Refusal): Refused {
  const body: PaymentRequired = {
    x402Version,
    error: refusal?.code ?? 'Payment required',
    resource: call.resource,
    accepts: requirementsFor(terms, call.ceilingAtomic, refusal?.state),
  }
  return {
    kind: 'refused',
    status: refusal?.status ?? 402,
    headers: {
      [headerNames.paymentRequired]: encodeHeader(body),
      'content-type': 'application/json',
      'cache-control': 'no-store',
    },
    body: {
      ...body,
      error: {
        message: refusal
          ? `${refusal.message}. ${refusal.hint}`
          : 'This call must be paid for (x402)',
        type: 'payment_error',
        code: refusal?.code ?? 'payment_required',
        hint: refusal?.hint ?? 'Send the payment in the PAYMENT-SIGNATURE header; see accepts',
        ...(refusal?.detail ? { detail: refusal.detail } : {}),
      },
    },
  }
}

/** A refusal that has nothing to do with money, such as a clash of idempotency keys. */
export function plainRefusal(status: number, code: string, message: string): Refused {
  return {
    kind: 'refused',
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: { error: { message, type: 'invalid_request_error', code } },
  }
}

/** Node's own base64, many times faster than the portable encoder. */
export function encodeHeader(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64')
}
