import { bytesToHex } from '@quoin/kernel'
import { signatureToBytes, signHash } from '@quoin/keys'
import { formatMoney, type RefundPayload, x402Errors } from '@quoin/protocol'
import type { RefundOrder } from '../chain/interface.ts'
import type { Channel } from '../channel/channel.ts'
import type { Admission, CallRequest } from '../interface.ts'
import { claimOrderOf, signClaims } from '../settle/claims.ts'
import { channelStateOf, correction } from './batch-refusals.ts'
import type { PayContext } from './context.ts'
import { paymentRequired, type Refusal } from './offers.ts'
import { responseHeaders } from './paid-call.ts'

/**
 * Gives the payer back what is not spent (x402's cooperative refund): what is owed is claimed in the same
 * transaction. The voucher must be for exactly what was charged, as the stock client signs it.
 */
export async function refundChannel(
  context: PayContext,
  call: CallRequest,
  channel: Channel,
  payload: RefundPayload,
): Promise<Admission> {
  const turn = channel.exclusive.then(() => refundInTurn(context, call, channel, payload))
  channel.exclusive = turn.catch(() => {})
  return turn
}

async function refundInTurn(
  context: PayContext,
  call: CallRequest,
  channel: Channel,
  payload: RefundPayload,
): Promise<Admission> {
  await context.channels.refresh(channel)
  const { book } = channel
  if (BigInt(payload.voucher.maxClaimableAmount) !== book.charged) {
    const stale = { kind: 'corrected', base: book.charged, why: 'stale' } as const
    return paymentRequired(context.terms, call, correction(channel, stale, 0n))
  }
  const asked = findAmount(payload, channel)
  if (!asked.ok) return paymentRequired(context.terms, call, asked.refusal)
  const order = orderFor(context, channel, asked.amount)
  const giveFree = channel.withhold(asked.amount)
  try {
    const { transactionHash } = await context.chain.refund(order)
    await context.channels.refresh(channel)
    context.logger.info(
      { channelId: channel.id, amount: asked.amount.toString() },
      'channel refunded',
    )
    return answer(context, channel, { transactionHash, amount: asked.amount })
  } catch (error) {
    await context.channels.refresh(channel)
    const reason = error instanceof Error ? error.message.slice(0, 300) : String(error)
    context.logger.warn({ channelId: channel.id, error: reason }, 'refund failed')
    return paymentRequired(context.terms, call, {
      code: x402Errors.refundFailed,
      message: `The refund did not go through: ${reason}`,
      hint: 'Try again, or withdraw with initiateWithdraw on the settlement contract',
    })
  } finally {
    giveFree()
  }
}

type Amount = { ok: true; amount: bigint } | { ok: false; refusal: Refusal }

function findAmount(payload: RefundPayload, channel: Channel): Amount {
  const { balance, charged, reserved } = channel.book
  const rest = balance - charged - reserved
  if (reserved > 0n && rest <= 0n)
    return no(x402Errors.channelBusy, 'Calls are running on this channel', 'Wait for them to end')
  if (rest <= 0n)
    return no(
      x402Errors.refundNoBalance,
      'Nothing is left on this channel',
      'There is nothing to do',
    )
  if (payload.amount === undefined) return { ok: true, amount: rest }
  const asked = /^[1-9][0-9]{0,38}$/.test(payload.amount) ? BigInt(payload.amount) : 0n
  if (asked === 0n)
    return no(x402Errors.refundAmountInvalid, 'The amount is not a positive number', 'Leave it out')
  if (asked > rest)
    return no(
      x402Errors.refundAmountInvalid,
      `Only ${formatMoney(rest)} can be refunded`,
      'Ask for less, or leave the amount out to get all of it',
    )
  return { ok: true, amount: asked }
}

function no(code: Refusal['code'], message: string, hint: string): Amount {
  return { ok: false, refusal: { code, message, hint } }
}

function orderFor(context: PayContext, channel: Channel, amount: bigint): RefundOrder {
  const nonce = channel.facts.refundNonce
  const digest = context.digests.refund(channel.id, nonce, amount)
  const claim = claimOrderOf(channel)
  return {
    config: channel.config,
    amount,
    nonce,
    signature: bytesToHex(signatureToBytes(signHash(digest, context.signer.privateKey))),
    claim: claim && { order: claim, signature: signClaims(context, [claim]) },
  }
}

function answer(
  context: PayContext,
  channel: Channel,
  refund: { transactionHash: string; amount: bigint },
): Admission {
  const settlement = {
    success: true,
    payer: channel.config.payer,
    transaction: refund.transactionHash,
    network: context.terms.network,
    amount: refund.amount.toString(),
    extra: { channelState: channelStateOf(channel, channel.book.charged) },
  }
  const body = { message: 'Refund acknowledged', channelId: channel.id, ...settlement }
  return {
    kind: 'replayed',
    status: 200,
    headers: { 'content-type': 'application/json', ...responseHeaders(settlement, null) },
    body: Buffer.from(JSON.stringify(body)),
  }
}
