import { headerNames, type SignedReceipt } from '@quoin/protocol'
import { marketError } from '../errors.ts'
import type { CallRequest, Outcome, PaidCall } from '../interface.ts'
import type { Write } from '../store/statements.ts'
import { requestNameOf } from './answers.ts'
import type { PayContext } from './context.ts'
import { encodeHeader } from './offers.ts'

export type Finished = Awaited<ReturnType<PaidCall['finish']>>

/** The parts that differ between the ways to pay; PaidCall's rules (once, within the ceiling) are here. */
export interface CallParts {
  context: PayContext
  call: CallRequest
  payer: PaidCall['payer']
  streamHeaders: Record<string, string>
  settle(outcome: Outcome): Promise<Finished>
  release(): void
  /** Runs when the call has ended in any way. */
  done(): void
}

export function createPaidCall(parts: CallParts): PaidCall {
  let ended = false
  const end = (): void => {
    if (ended) throw marketError('CALL_ENDED', 'finish and cancel end a call once')
    ended = true
  }
  return {
    payer: parts.payer,
    streamHeaders: parts.streamHeaders,
    finish: async (outcome) => {
      const { amountAtomic } = outcome
      if (amountAtomic < 0n || amountAtomic > parts.call.ceilingAtomic)
        throw marketError(
          'AMOUNT_ABOVE_CEILING',
          `A charge of ${amountAtomic} is not within the call's ceiling of ${parts.call.ceilingAtomic}`,
        )
      end()
      try {
        return await parts.settle(outcome)
      } finally {
        parts.done()
      }
    },
    cancel: (reason) => {
      if (ended) return Promise.resolve()
      end()
      parts.release()
      parts.done()
      parts.context.logger.debug({ payer: parts.payer, reason }, 'paid call cancelled')
      return Promise.resolve()
    },
  }
}

export function responseHeaders(
  settlement: object,
  receiptText: string | null,
): Record<string, string> {
  const headers: Record<string, string> = {
    [headerNames.paymentResponse]: encodeHeader(settlement),
    'access-control-expose-headers': `${headerNames.paymentResponse}, ${headerNames.receipt}`,
  }
  if (receiptText !== null)
    headers[headerNames.receipt] = Buffer.from(receiptText).toString('base64')
  return headers
}

/** The receipt's JSON, made once for the header and the records. */
export function receiptTextOf(signed: SignedReceipt): string {
  const bigintToText = (_: string, member: unknown) =>
    typeof member === 'bigint' ? member.toString() : member
  return JSON.stringify(signed, bigintToText)
}

export function receiptWrite(signed: SignedReceipt, text: string): Write {
  const { receipt } = signed
  return [
    'addReceipt',
    signed.id,
    receipt.channelId,
    receipt.payer,
    Number(receipt.sequence),
    Number(receipt.time),
    text,
  ]
}

/** Keeps the answer for retries, when the client gave an idempotency key. */
export function answerWrites(
  call: CallRequest,
  signer: string,
  outcome: Outcome,
  kept: { headers: Record<string, string>; now: number },
): Write[] {
  if (call.idempotencyKey === undefined || outcome.isCut === true) return []
  const headers = JSON.stringify({ 'content-type': outcome.contentType, ...kept.headers })
  return [
    [
      'addAnswer',
      signer,
      call.idempotencyKey,
      requestNameOf(call),
      outcome.status,
      headers,
      outcome.body,
      kept.now,
    ],
  ]
}
