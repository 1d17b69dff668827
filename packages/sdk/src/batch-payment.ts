import { sdkError } from './errors.ts'
import type { Demand } from './offers.ts'
import type { OutgoingCall } from './outgoing-call.ts'
import type { BatchOffer, Payer } from './payer.ts'
import type { Hold, PayerChannel } from './payer-channel.ts'
import type { Payment } from './payment.ts'
import { paymentHeader, signDeposit, signVoucher } from './payments.ts'
import { RunningBatchPayment } from './running-batch-payment.ts'

/** Holds escrow for the call (opening or topping up the channel when needed) and signs its voucher. */
export async function payFromChannel(
  payer: Payer,
  call: OutgoingCall,
  offer: BatchOffer,
  demand: Demand,
  floor: bigint,
): Promise<Payment> {
  const channel = await payer.channelFor(offer)
  const callId = crypto.randomUUID()
  const request = {
    callId,
    ceiling: BigInt(offer.terms.amount),
    cap: payer.capOf(channel),
    floor,
    minDeposit: BigInt(offer.extra.minDeposit ?? 0n),
  }
  const hold = await channel.hold(request, call.signal)
  try {
    const header = await signPayment(payer, { channel, offer, demand, hold })
    if (hold.deposit !== null) await payer.save(channel)
    return new RunningBatchPayment({ payer, call, channel, callId, offer, hold, header })
  } catch (error) {
    channel.release(callId)
    if (hold.deposit !== null) channel.depositFailed(error)
    throw error
  }
}

async function signPayment(
  payer: Payer,
  {
    channel,
    offer,
    demand,
    hold,
  }: { channel: PayerChannel; offer: BatchOffer; demand: Demand; hold: Hold },
): Promise<string> {
  const { channelId, chainId, config } = channel
  const { account, chain, clock } = payer.setup
  const { maxClaimable: maxClaimableAmount, deposit: amount } = hold
  const voucher = await signVoucher(channel.sessionKey, { channelId, maxClaimableAmount, chainId })
  if (amount === null)
    return paymentHeader(offer, demand, { type: 'voucher', channelConfig: config, voucher })
  const owned = await chain?.balanceOf(config.token, config.payer)
  if (owned !== undefined && owned < amount)
    throw sdkError(
      'FUNDS_TOO_LOW',
      `${config.payer} owns ${owned} atomic units of ${config.token}, and escrow needs ${amount}: send it more, or lower the cap`,
      { detail: { owned: `${owned}`, needed: `${amount}` } },
    )
  const validBefore = BigInt(Math.floor(clock() / 1000) + Math.ceil(offer.terms.maxTimeoutSeconds))
  const { name, version } = offer.extra
  const token = { name, version }
  const deposit = await signDeposit(account, {
    channelId,
    config,
    amount,
    chainId,
    token,
    validBefore,
  })
  return paymentHeader(offer, demand, { type: 'deposit', channelConfig: config, voucher, deposit })
}
