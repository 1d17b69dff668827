import type { PaymentRequirements } from '@quoin/protocol'
import { type AnswerProof, isEventStream, readAnswer, watchStream } from './answer.ts'
import { sdkError } from './errors.ts'
import { type Demand, type Offer, providerOf } from './offers.ts'
import type { OutgoingCall } from './outgoing-call.ts'
import type { Payer } from './payer.ts'
import type { Payment } from './payment.ts'
import { paymentHeader, signExact } from './payments.ts'
import { receiptFaults } from './receipt-check.ts'
import { readSettlement } from './settlement-header.ts'

export type ExactOffer = Extract<Offer, { scheme: 'exact' }>

/** Pays a call with a transfer of its own, for servers without escrow. */
export async function payExactly(
  payer: Payer,
  call: OutgoingCall,
  offer: ExactOffer,
  demand: Demand,
): Promise<Payment> {
  const amount = BigInt(offer.terms.amount)
  const left = payer.capOf(null) - payer.exactSpent
  if (amount > left)
    throw sdkError(
      'CAP_REACHED',
      `This call costs ${amount}, and the cap leaves ${left}: raise the cap`,
      { detail: { ceiling: `${amount}`, cap: `${payer.setup.limits.cap}` } },
    )
  payer.exactSpent += amount
  try {
    const payload = await signExact(
      payer.setup.account,
      offer,
      Math.floor(payer.setup.clock() / 1000),
    )
    return exactPayment(payer, call, offer.terms, paymentHeader(offer, demand, payload))
  } catch (error) {
    payer.exactSpent -= amount
    throw error
  }
}

function exactPayment(
  payer: Payer,
  call: OutgoingCall,
  terms: PaymentRequirements,
  header: string,
): Payment {
  const amount = BigInt(terms.amount)
  const check = (proof: AnswerProof): Promise<void> => checkReceipt(payer, call, terms, proof)
  return {
    header,
    answered: async (response) => {
      if (isEventStream(response)) return watchStream(response, { ended: check, broken() {} })
      const settlement = readSettlement(response)
      const { proof, copy } = await readAnswer(response)
      if (response.ok) await check(proof)
      else if (settlement === null) payer.exactSpent -= amount
      return copy
    },
    refused: async (demand) => {
      payer.exactSpent -= amount
      const repriced = demand.offers.some(
        (offer) => offer.scheme === 'exact' && offer.amount !== terms.amount,
      )
      if (repriced) return 0n
      throw sdkError(
        'PAYMENT_REFUSED',
        `${call.url} refused the payment: ${(demand.error ?? 'no reason given').replaceAll('_', ' ')}`,
        { detail: { reason: demand.error } },
      )
    },
    /** The authorization is out of our hands, so it counts as spent. */
    lost: async () => {},
  }
}

async function checkReceipt(
  payer: Payer,
  call: OutgoingCall,
  terms: PaymentRequirements,
  { receipt, responseHash }: AnswerProof,
): Promise<void> {
  const { setup } = payer
  if (!receipt && !setup.requireReceipts) return
  const faults = receipt
    ? await receiptFaults(receipt, {
        domain: setup.receipts(Number(terms.network.split(':')[1])),
        channelId: null,
        payer: setup.account.address,
        provider: providerOf(terms),
        requestHash: call.requestHash,
        responseHash,
        ceiling: BigInt(terms.amount),
        signed: null,
        idempotencyKey: call.idempotencyKey,
      })
    : ['there is none']
  if (receipt && faults.length === 0) return setup.onReceipt(receipt)
  const violation = sdkError(
    'RECEIPT_WRONG',
    `The receipt of ${call.url} is wrong: ${faults.join('; ')}`,
  )
  payer.violated(terms.payTo, violation)
}
