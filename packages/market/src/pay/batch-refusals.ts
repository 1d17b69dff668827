import { type ChannelState, formatMoney, type VoucherState, x402Errors } from '@quoin/protocol'
import { limitOf } from '../channel/book.ts'
import type { Channel, Ruling } from '../channel/channel.ts'
import type { CallRequest } from '../interface.ts'
import type { Refusal } from './offers.ts'

type Corrected = Extract<Ruling, { kind: 'corrected' }>
type RuledOut = Extract<Ruling, { kind: 'refused' }>

export function channelStateOf(channel: Channel, cumulative: bigint): ChannelState {
  const { balance, totalClaimed, withdrawal, refundNonce } = channel.facts
  return {
    channelId: channel.id,
    balance: balance.toString(),
    totalClaimed: totalClaimed.toString(),
    withdrawRequestedAt: withdrawal.requestedAt,
    refundNonce: refundNonce.toString(),
    chargedCumulativeAmount: cumulative.toString(),
  }
}

function voucherStateOf(channel: Channel): VoucherState | null {
  const { signature } = channel
  if (signature === null) return null
  return { signedMaxClaimable: channel.book.ceiling.toString(), signature }
}

/** The corrective 402: a stock client learns the channel's state from it and retries once by itself. */
export function correction(channel: Channel, ruling: Corrected, amount: bigint): Refusal {
  const { base, why } = ruling
  const belowClaimed = why === 'below-claimed'
  return {
    code: belowClaimed ? x402Errors.cumulativeBelowClaimed : x402Errors.cumulativeMismatch,
    message:
      why === 'short'
        ? `The channel holds ${formatMoney(channel.book.balance)} and cannot cover this call`
        : 'The voucher was used before, or does not cover what is charged and running on the channel',
    hint:
      why === 'short'
        ? 'Deposit more with the next voucher'
        : `Sign a voucher of ${base + amount} (in atomic units) and send the call again`,
    detail: detailOf(channel),
    state: { channelState: channelStateOf(channel, base), voucherState: voucherStateOf(channel) },
  }
}

export function rulingRefusal(channel: Channel, ruling: RuledOut, call: CallRequest): Refusal {
  return { ...explain(channel, ruling, call), detail: detailOf(channel) }
}

function explain(channel: Channel, { why }: RuledOut, call: CallRequest): Refusal {
  const { book, session } = channel
  const price = formatMoney(call.ceilingAtomic)
  switch (why) {
    case 'expired':
      return {
        code: x402Errors.sessionExpired,
        message: `The session key expired at ${isoTime(session?.expiresAt ?? 0)}`,
        hint: 'Authorize it again with a later expiry (SessionKeys.authorize), or open a new channel',
      }
    case 'out-of-scope':
      return {
        code: x402Errors.sessionScope,
        message: `The session key is authorized for service ${session?.scope} only, not for ${call.serviceId}`,
        hint: 'Authorize it for this service or for any (SessionKeys.authorize)',
      }
    case 'over-cap':
      return {
        code: x402Errors.sessionCap,
        message: `The session key's cap is ${formatMoney(session?.capAtomic ?? 0n)}, ${formatMoney(book.charged)} of it is spent, and this call may cost ${price}`,
        hint: 'Raise the cap (SessionKeys.authorize), or open a new channel',
      }
    case 'leaving':
      return {
        code: x402Errors.withdrawalPending,
        message: `A withdrawal of ${formatMoney(book.leaving)} is pending on this channel; what stays does not cover the call`,
        hint: 'Open a new channel, or deposit more',
      }
    case 'busy':
    case 'gone':
      return {
        code: x402Errors.channelBusy,
        message: 'Too many calls wait on this channel',
        hint: 'Wait for running calls to end and send the call again',
        status: 402,
      }
    case 'sealed':
      return {
        code: x402Errors.channelBusy,
        message:
          "The provider could not write its records; the channel's state is being read again",
        hint: 'Send the call again; nothing was charged',
        status: 503,
      }
    case 'short':
      return {
        code: x402Errors.cumulativeExceedsBalance,
        message: `The channel holds ${formatMoney(limitOf(book, null))}, ${formatMoney(book.charged)} of it is spent, and this call may cost ${price}`,
        hint: 'Deposit more into the channel',
      }
  }
}

function detailOf(channel: Channel): Record<string, string> {
  const { balance, totalClaimed, charged, reserved, ceiling } = channel.book
  return {
    channelId: channel.id,
    balance: balance.toString(),
    totalClaimed: totalClaimed.toString(),
    charged: charged.toString(),
    reserved: reserved.toString(),
    ceiling: ceiling.toString(),
  }
}

function isoTime(seconds: number): string {
  return new Date(Math.min(seconds, 8.64e12) * 1000).toISOString()
}
