import {
  ChannelState,
  type SettlementResponse,
  VoucherState,
  voucherTypedData,
  x402Errors,
} from '@quoin/protocol'
import { recoverTypedDataAddress } from 'viem'
import { type AnswerProof, isEventStream, readAnswer, watchStream } from './answer.ts'
import { sdkError } from './errors.ts'
import { isSameAddress } from './limits.ts'
import { type Demand, providerOf } from './offers.ts'
import type { OutgoingCall } from './outgoing-call.ts'
import type { BatchOffer, Payer } from './payer.ts'
import type { Hold, PayerChannel } from './payer-channel.ts'
import type { Payment } from './payment.ts'
import { receiptFaults } from './receipt-check.ts'
import { isFunded, readSettlement } from './settlement-header.ts'

export interface Parts {
  payer: Payer
  call: OutgoingCall
  channel: PayerChannel
  callId: string
  offer: BatchOffer
  hold: Hold
  header: string
}

/** Refusals that say only: count from here, or this is the price; the same call may be paid again. */
const correctable = new Set<string>([
  x402Errors.cumulativeMismatch,
  x402Errors.cumulativeBelowClaimed,
  x402Errors.cumulativeExceedsBalance,
  x402Errors.insufficientBalance,
  x402Errors.depositBelowMinimum,
  x402Errors.channelBusy,
  x402Errors.channelNotFound,
])

/** A payment from a channel, from its sending to its end. */
export class RunningBatchPayment implements Payment {
  readonly header: string
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
    this.header = parts.header
  }

  async answered(response: Response): Promise<Response> {
    const { channel, callId, hold, payer } = this.#parts
    const settlement = readSettlement(response)
    if (hold.deposit !== null) {
      if (!settlement?.success) await this.#depositUnknown()
      else if (isFunded(settlement, channel.ledger.deposited + hold.deposit))
        channel.depositConfirmed(hold.deposit)
      else channel.depositDropped()
      await payer.save(channel)
    }
    if (isEventStream(response))
      return watchStream(response, {
        ended: (proof) => this.#proven(proof, null),
        broken: () => channel.abandon(callId),
      })
    const { proof, copy } = await readAnswer(response)
    const isCharged = response.ok || settlement !== null || proof.receipt !== null
    if (isCharged) await this.#proven(proof, settlement)
    else channel.release(callId)
    return copy
  }

  async #proven(proof: AnswerProof, settlement: SettlementResponse | null): Promise<void> {
    const { payer, channel, callId } = this.#parts
    try {
      const total = proof.receipt
        ? await this.#checkReceipt(proof)
        : this.#totalWithoutReceipt(settlement)
      if (total === null) channel.abandon(callId)
      else channel.settle(callId, total)
    } catch (violation) {
      channel.abandon(callId)
      payer.violated(this.#parts.offer.terms.payTo, violation)
    } finally {
      await payer.save(channel)
    }
  }

  async #checkReceipt({ receipt: signed, responseHash }: AnswerProof): Promise<bigint> {
    if (!signed) throw new Error('There is a receipt')
    const { payer, call, channel, offer } = this.#parts
    const { receipt } = signed
    const faults = await receiptFaults(signed, {
      domain: payer.setup.receipts(channel.chainId),
      channelId: channel.channelId,
      payer: payer.setup.account.address,
      provider: providerOf(offer.terms),
      requestHash: call.requestHash,
      responseHash,
      ceiling: BigInt(offer.terms.amount),
      signed: channel.ledger.signed,
      idempotencyKey: call.idempotencyKey,
    })
    if (faults.length > 0)
      throw sdkError('RECEIPT_WRONG', `The receipt of ${call.url} is wrong: ${faults.join('; ')}`, {
        detail: { receipt: signed.id, provider: offer.terms.payTo },
      })
    channel.recordReceipt(receipt)
    payer.setup.onReceipt(signed)
    return receipt.cumulative
  }

  /** The stock protocol's own figures; null when there are none. */
  #totalWithoutReceipt(settlement: SettlementResponse | null): bigint | null {
    const { payer, channel, call } = this.#parts
    if (payer.setup.requireReceipts)
      throw sdkError('RECEIPT_WRONG', `${call.url} was paid for and gave no receipt`)
    const state = ChannelState.safeParse(settlement?.extra?.channelState)
    if (state.success && state.data.chargedCumulativeAmount !== undefined)
      return BigInt(state.data.chargedCumulativeAmount)
    const charged = settlement?.extra?.chargedAmount
    if (typeof charged !== 'string' || !/^\d{1,39}$/.test(charged)) return null
    return channel.ledger.charged + BigInt(charged)
  }

  async refused(demand: Demand): Promise<bigint> {
    const { channel, callId, hold, call } = this.#parts
    channel.release(callId)
    const error = demand.error ?? 'payment required'
    const offer = demand.offers.find(({ scheme }) => scheme === this.#parts.offer.scheme)
    const isPriceChange = offer !== undefined && offer.amount !== this.#parts.offer.terms.amount
    // Another version of a model may answer this call, and its income go elsewhere.
    const isReceiverChange =
      offer !== undefined && !isSameAddress(offer.payTo, this.#parts.offer.terms.payTo)
    if (!correctable.has(error) && !isPriceChange && !isReceiverChange) {
      const refusal = sdkError(
        'PAYMENT_REFUSED',
        `${call.url} refused the payment: ${error.replaceAll('_', ' ')}`,
        { detail: { reason: error } },
      )
      if (hold.deposit !== null) channel.depositFailed(refusal)
      throw refusal
    }
    if (hold.deposit !== null) channel.depositDropped()
    await this.#relearn()
    return offer?.extra ? this.#floorOf(offer.extra) : 0n
  }

  /** The provider may make us count from no higher than what our own key has signed. */
  async #floorOf(extra: Record<string, unknown>): Promise<bigint> {
    const { channel } = this.#parts
    const state = ChannelState.safeParse(extra.channelState)
    if (!state.success || state.data.channelId !== channel.channelId) return 0n
    const floor = BigInt(state.data.chargedCumulativeAmount ?? 0n)
    const proven = await provenTotal(channel, extra.voucherState)
    if (floor <= channel.ledger.signed || floor <= proven) return floor
    throw sdkError(
      'PROTOCOL_VIOLATION',
      `The provider says that ${floor} is charged or held on channel ${channel.channelId}, and shows no voucher of ours for it`,
    )
  }

  async lost(error: unknown): Promise<void> {
    const { channel, callId, hold, payer } = this.#parts
    channel.abandon(callId)
    if (hold.deposit === null) return
    await this.#relearn()
    channel.depositFailed(error)
    await payer.save(channel)
  }

  async #depositUnknown(): Promise<void> {
    await this.#relearn()
    this.#parts.channel.depositDropped()
  }

  async #relearn(): Promise<void> {
    const { payer, channel } = this.#parts
    const facts = await payer.setup.chain?.readChannel(channel.channelId)
    if (facts) channel.learn(facts)
  }
}

/** The total of a voucher that the provider shows, if our session key signed it; else zero. */
async function provenTotal(channel: PayerChannel, shown: unknown): Promise<bigint> {
  const state = VoucherState.safeParse(shown)
  if (!state.success) return 0n
  const maxClaimableAmount = BigInt(state.data.signedMaxClaimable)
  const { channelId, chainId, sessionKey } = channel
  const typed = voucherTypedData({ channelId, maxClaimableAmount }, chainId)
  const signer = await recoverTypedDataAddress({ ...typed, signature: state.data.signature })
  return isSameAddress(signer, sessionKey.address) ? maxClaimableAmount : 0n
}
