import type { Hex } from '@quoin/kernel'
import {
  BatchPayload,
  type ChannelConfig,
  type DepositPayload,
  type PaymentPayload,
  type Voucher,
  x402Errors,
} from '@quoin/protocol'
import type { Channel, ChannelCall } from '../channel/channel.ts'
import type { Admission, CallRequest } from '../interface.ts'
import { admitReservation } from './batch-call.ts'
import { correction, rulingRefusal } from './batch-refusals.ts'
import type { PayContext } from './context.ts'
import { fundChannel } from './deposit.ts'
import { paymentRequired, type Refusal } from './offers.ts'
import { readWith } from './read-payment.ts'
import { refundChannel } from './refund.ts'
import { findConfigFault, isSameConfig, isVoucherSigned, voucherSigner } from './voucher-check.ts'

/** Admits a call that is paid from a channel. */
export async function admitBatch(
  context: PayContext,
  call: CallRequest,
  payment: PaymentPayload,
): Promise<Admission> {
  const read = readWith(BatchPayload, payment.payload, 'PAYMENT-SIGNATURE payload')
  if (!read.ok) return paymentRequired(context.terms, call, read.refusal)
  const payload = read.value
  const fault = findFault(context, call, payment, payload)
  if (fault) return paymentRequired(context.terms, call, fault)

  const { channelConfig: config, voucher } = payload
  if (payload.type === 'refund') {
    const channel = await context.channels.open(voucher.channelId, config)
    return refundChannel(context, call, channel, payload)
  }
  const start = await context.answers.start(voucherSigner(config), call)
  if (start.kind === 'settled') return start.admission
  try {
    const channel = await context.channels.open(voucher.channelId, config)
    const admission = await admitToChannel(context, call, {
      channel,
      voucher,
      deposit: payload.type === 'deposit' ? payload : null,
      accepted: BigInt(payment.accepted.amount),
      offerId: offerIdOf(payment),
      done: start.done,
    })
    if (admission.kind !== 'admitted') start.done()
    return admission
  } catch (error) {
    start.done()
    throw error
  }
}

interface Vouched {
  channel: Channel
  voucher: Voucher
  deposit: DepositPayload | null
  accepted: bigint
  /** Names the 402 that the payment answers. */
  offerId: string
  done: () => void
}

async function admitToChannel(
  context: PayContext,
  call: CallRequest,
  vouched: Vouched,
): Promise<Admission> {
  const { channel, voucher, deposit } = vouched
  const wish: ChannelCall = {
    max: BigInt(voucher.maxClaimableAmount),
    signature: voucher.signature,
    amount: call.ceilingAtomic,
    serviceId: lower(call.serviceId),
    identity: `${vouched.offerId} ${call.requestHash}`,
    signal: call.signal,
  }
  let transaction = ''
  if (deposit) {
    const funded = await fundChannel(context, channel, deposit, wish)
    if (funded.kind === 'refused') return paymentRequired(context.terms, call, funded.refusal)
    transaction = funded.transactionHash
  }
  const ruling = await channel.submit(wish)
  if (ruling.kind === 'admitted') {
    const { accepted, done } = vouched
    const { reservation } = ruling
    const made = admitReservation(context, call, {
      channel,
      reservation,
      accepted,
      transaction,
      done,
    })
    return { kind: 'admitted', call: made }
  }
  const refusal =
    ruling.kind === 'corrected'
      ? correction(channel, ruling, call.ceilingAtomic)
      : rulingRefusal(channel, ruling, call)
  return paymentRequired(context.terms, call, refusal)
}

function findFault(
  context: PayContext,
  call: CallRequest,
  payment: PaymentPayload,
  payload: BatchPayload,
): Refusal | null {
  const { channelConfig: config, voucher } = payload
  // What is left goes back to its payer wherever the channel pays, once this market is its receiverAuthorizer.
  const isRefund = payload.type === 'refund'
  const terms = isRefund ? { ...context.terms, payTo: config.receiver } : context.terms
  const configFault = findConfigFault(config, terms)
  if (configFault) return configFault
  if (!isChannelId(context, voucher.channelId, config))
    return {
      code: x402Errors.channelIdMismatch,
      message: 'The channelId is not the hash of the channelConfig',
      hint: 'Compute it as the EIP-712 hash under the settlement contract of this chain',
    }
  if (!isVoucherSigned(context.digests, config, voucher))
    return {
      code: x402Errors.voucherSignature,
      message: "The voucher is not signed by the channel's payerAuthorizer",
      hint: 'Sign Voucher(channelId, maxClaimableAmount) with the session key of the channel',
    }
  if (payload.type !== 'refund' && BigInt(payment.accepted.amount) < call.ceilingAtomic)
    return {
      code: x402Errors.invalidPayment,
      message: `This call may cost ${call.ceilingAtomic}, the payment accepts ${payment.accepted.amount}`,
      hint: 'Pay by the amount in accepts; it depends on the request',
    }
  return null
}

/** A client sends the entry of `accepts` back as it came, the second time too. */
function offerIdOf({ accepted }: PaymentPayload): string {
  const offerId = accepted.extra?.offerId
  return typeof offerId === 'string' ? offerId.slice(0, 64) : ''
}

function isChannelId(context: PayContext, id: Hex, config: ChannelConfig): boolean {
  const known = context.channels.peek(id)
  if (known && isSameConfig(known.config, config)) return true
  return context.digests.channelId(config) === id
}

function lower(hex: Hex): Hex {
  return `0x${hex.slice(2).toLowerCase()}`
}
