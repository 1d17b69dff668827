import { CodedError, type Hex, type Scope } from '@quoin/kernel'
import { batchScheme, exactScheme, x402Errors } from '@quoin/protocol'
import type { Background } from './background.ts'
import type {
  Admission,
  CallRequest,
  ChannelReader,
  Market,
  PaidCall,
  ReceiptStore,
  Settlement,
} from './interface.ts'
import type { PaymentOptions } from './options.ts'
import { admitBatch } from './pay/batch.ts'
import type { PayContext } from './pay/context.ts'
import { admitExact } from './pay/exact.ts'
import { paymentRequired, plainRefusal } from './pay/offers.ts'
import { readPayment } from './pay/read-payment.ts'
import type { Anchors } from './settle/anchors.ts'
import type { Settler } from './settle/settlement.ts'

const housekeepingMs = 60_000

export interface MarketParts {
  context: PayContext
  settler: Settler
  anchors: Anchors
  background: Background
  payments: Pick<PaymentOptions, 'answersKeptMs' | 'answersKeptBytes'>
  receipts: ReceiptStore
  channels: ChannelReader
  facilitator: Market['facilitator']
}

export class QuoinMarket implements Market {
  readonly providerAddress: Hex
  readonly receipts: ReceiptStore
  readonly channels: ChannelReader
  readonly facilitator: Market['facilitator']
  readonly #parts: MarketParts
  readonly #scope: Scope
  readonly #nonces = new Set<string>()
  readonly #housekeeping: NodeJS.Timeout
  #running = 0
  #draining = false
  #emptied: (() => void) | null = null

  constructor(parts: MarketParts, scope: Scope) {
    this.#parts = parts
    this.#scope = scope
    this.providerAddress = parts.context.signer.address
    this.receipts = parts.receipts
    this.channels = parts.channels
    this.facilitator = parts.facilitator
    this.#housekeeping = setInterval(() => this.#dropOldAnswers(), housekeepingMs)
    this.#housekeeping.unref()
  }

  async admit(call: CallRequest): Promise<Admission> {
    if (this.#draining)
      return plainRefusal(503, 'shutting_down', 'The provider is shutting down; try again later')
    try {
      const admission = await this.#admit(call)
      return admission.kind === 'admitted'
        ? { kind: 'admitted', call: this.#count(admission.call) }
        : admission
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      this.#parts.context.logger.warn(
        { code: error.code, error: error.message },
        'call not admitted',
      )
      return plainRefusal(503, error.code.toLowerCase(), `${error.message}; nothing was charged`)
    }
  }

  async #admit(call: CallRequest): Promise<Admission> {
    const context = withReceiver(this.#parts.context, call.payTo)
    const { terms } = context
    if (call.paymentHeader === undefined) return paymentRequired(terms, call)
    const read = readPayment(call.paymentHeader)
    if (!read.ok) return paymentRequired(terms, call, read.refusal)
    const { accepted } = read.value
    if (accepted.network !== terms.network || accepted.asset !== terms.asset)
      return paymentRequired(terms, call, {
        code: accepted.asset === terms.asset ? x402Errors.batchNetwork : x402Errors.tokenMismatch,
        message: `Paid with ${accepted.asset} on ${accepted.network}, not with ${terms.asset} on ${terms.network}`,
        hint: 'Choose one of the entries in accepts',
      })
    if (accepted.scheme === batchScheme && terms.schemes.includes(batchScheme))
      return admitBatch(context, call, read.value)
    if (accepted.scheme === exactScheme && terms.schemes.includes(exactScheme))
      return admitExact(context, call, read.value, this.#nonces)
    return paymentRequired(terms, call, {
      code: x402Errors.batchScheme,
      message: `The scheme ${accepted.scheme} is not taken here`,
      hint: 'Choose one of the entries in accepts',
    })
  }

  /** Counts the running calls, for draining. */
  #count(call: PaidCall): PaidCall {
    this.#running++
    let counted = true
    const uncount = (): void => {
      if (!counted) return
      counted = false
      this.#running--
      if (this.#running === 0) this.#emptied?.()
    }
    return {
      payer: call.payer,
      streamHeaders: call.streamHeaders,
      finish: (outcome) => call.finish(outcome).finally(uncount),
      cancel: (reason) => call.cancel(reason).finally(uncount),
    }
  }

  anchorNow() {
    return this.#parts.anchors.anchorNow()
  }

  async settleNow(): Promise<Settlement> {
    const transfers = await this.#parts.context.exact.settleAll()
    const settlement = await this.#parts.settler.settle()
    return { ...settlement, transactions: [...transfers, ...settlement.transactions] }
  }

  async drain({ signal }: { signal: AbortSignal }): Promise<void> {
    this.#draining = true
    if (this.#running > 0 && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#emptied = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
    }
  }

  #dropOldAnswers(): void {
    const { context, payments } = this.#parts
    context.store
      .write('answers', [
        ['dropAnswersBefore', context.clock() - payments.answersKeptMs],
        ['dropAnswersBeyond', payments.answersKeptBytes],
      ])
      .catch((error: unknown) =>
        context.logger.warn({ error: String(error) }, 'old answers were not dropped'),
      )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#draining = true
    clearInterval(this.#housekeeping)
    await this.#parts.background[Symbol.asyncDispose]()
    await this.#parts.context.exact.close()
    await this.#parts.settler.idle()
    await this.#parts.anchors.idle()
    await this.#scope[Symbol.asyncDispose]()
  }
}

/** The terms of one call, whose money may go elsewhere than that of others. */
function withReceiver(context: PayContext, payTo: Hex | undefined): PayContext {
  if (payTo === undefined) return context
  return { ...context, terms: { ...context.terms, payTo: `0x${payTo.slice(2).toLowerCase()}` } }
}
