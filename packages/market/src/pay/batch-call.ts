import { reportedCumulative } from '../channel/book.ts'
import type { Channel, Reservation } from '../channel/channel.ts'
import { marketError } from '../errors.ts'
import type { CallRequest, Outcome, PaidCall } from '../interface.ts'
import { issueReceipt } from '../receipt-issuer.ts'
import type { Write } from '../store/statements.ts'
import { channelStateOf } from './batch-refusals.ts'
import type { PayContext } from './context.ts'
import {
  answerWrites,
  createPaidCall,
  type Finished,
  receiptTextOf,
  receiptWrite,
  responseHeaders,
} from './paid-call.ts'
import { voucherSigner } from './voucher-check.ts'

/** A client's count may run ahead of the truth by so many calls before it is corrected. */
const slackCalls = 4n

export interface Admitted {
  channel: Channel
  reservation: Reservation
  /** The amount that the client accepted: its own count is the voucher's value less this. */
  accepted: bigint
  /** Hash of the deposit's transaction, or empty. */
  transaction: string
  done: () => void
}

export function admitReservation(
  context: PayContext,
  call: CallRequest,
  admitted: Admitted,
): PaidCall {
  const { channel, reservation, done } = admitted
  const asIfFull = report(context, admitted, {
    amount: reservation.amount,
    truth: channel.book.charged + reservation.amount,
  })
  return createPaidCall({
    context,
    call,
    payer: channel.config.payer,
    streamHeaders: responseHeaders(asIfFull, null),
    settle: (outcome) => settleOnChannel(context, call, admitted, outcome),
    release: () => reservation.cancel(),
    done,
  })
}

async function settleOnChannel(
  context: PayContext,
  call: CallRequest,
  admitted: Admitted,
  outcome: Outcome,
): Promise<Finished> {
  const { channel, reservation } = admitted
  const amount = outcome.amountAtomic
  const charge = reservation.charge(amount)
  if (charge === null)
    throw marketError('STORE_FAILED', 'The records could not be written; this call was not charged')
  const receipt = issueReceipt({ ...context.signer, digests: context.digests }, call, outcome, {
    channelId: channel.id,
    payer: channel.config.payer,
    sequence: charge.sequence,
    amount,
    cumulative: charge.cumulative,
    timeMs: context.clock(),
  })
  const text = receiptTextOf(receipt)
  const settlement = report(context, admitted, { amount, truth: charge.cumulative })
  const headers = responseHeaders(settlement, text)
  const writes: Write[] = [
    channelWrite(context, channel, charge.sequence, charge.cumulative),
    receiptWrite(receipt, text),
    ...answerWrites(call, voucherSigner(channel.config), outcome, {
      headers,
      now: context.clock(),
    }),
  ]
  if (amount > 0n) writes.push(['useVoucher', channel.id, reservation.max.toString()])
  await context.store.write(channel.id, writes, () => context.channels.drop(channel))
  charge.keep()
  return { receipt, headers }
}

function channelWrite(
  context: PayContext,
  channel: Channel,
  sequence: bigint,
  charged: bigint,
): Write {
  return [
    'saveChannel',
    channel.id,
    channel.config.payer,
    channel.configText,
    charged.toString(),
    channel.book.ceiling.toString(),
    channel.signature ?? '0x',
    Number(sequence),
    context.clock(),
  ]
}

/** The body of PAYMENT-RESPONSE, in the form by which a stock client keeps its count. */
function report(
  context: PayContext,
  { channel, reservation, accepted, transaction }: Admitted,
  charged: { amount: bigint; truth: bigint },
) {
  const clientCount = reservation.max - accepted
  const slack = slackCalls * accepted
  const cumulative = reportedCumulative(charged.truth, clientCount, charged.amount, slack)
  return {
    success: true,
    payer: channel.config.payer,
    transaction,
    network: context.terms.network,
    amount: charged.amount.toString(),
    extra: {
      chargedAmount: charged.amount.toString(),
      channelState: channelStateOf(channel, cumulative),
    },
  }
}
