import { bytesToHex, type Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Admission, CallRequest, Market, Outcome } from '@quoin/market'
import { encodeJsonHeader, headerNames, type SignedReceipt, toReceiptJson } from '@quoin/protocol'

const zero: Hex = `0x${'0'.repeat(64)}`
const address: Hex = `0x${'a'.repeat(40)}`
const hash = (text: string) => bytesToHex(keccak256(Buffer.from(text)))

/** A market without a chain: any PAYMENT-SIGNATURE pays; keeps what the gateway told it. */
export class MemoryMarket implements Market {
  readonly providerAddress = address
  readonly calls: CallRequest[] = []
  readonly outcomes: Outcome[] = []
  readonly cancelled: string[] = []
  readonly signed: SignedReceipt[] = []
  readonly #answers = new Map<string, Extract<Admission, { kind: 'replayed' }>>()
  /** Awaited in `finish`, so that a test can hold it up or make it fail. */
  beforeFinish: () => Promise<void> = async () => {}

  async admit(call: CallRequest): Promise<Admission> {
    this.calls.push(call)
    const replayed = call.idempotencyKey && this.#answers.get(call.idempotencyKey)
    if (replayed) return replayed
    if (call.paymentHeader === undefined) {
      const body = { x402Version: 2, error: 'PAYMENT-SIGNATURE is missing' }
      const headers = { [headerNames.paymentRequired]: encodeJsonHeader(body) }
      return { kind: 'refused', status: 402, headers, body }
    }
    return {
      kind: 'admitted',
      call: {
        payer: address,
        streamHeaders: { [headerNames.paymentResponse]: 'begun' },
        finish: (outcome) => this.#finish(call, outcome),
        cancel: async (reason) => {
          this.cancelled.push(reason)
        },
      },
    }
  }

  async #finish(call: CallRequest, outcome: Outcome) {
    await this.beforeFinish()
    this.outcomes.push(outcome)
    const receipt = this.#receipt(call, outcome)
    this.signed.push(receipt)
    const headers = {
      [headerNames.paymentResponse]: 'charged',
      [headerNames.receipt]: encodeJsonHeader(toReceiptJson(receipt)),
    }
    const { status, contentType, body } = outcome
    if (call.idempotencyKey && !outcome.isCut)
      this.#answers.set(call.idempotencyKey, {
        kind: 'replayed',
        status,
        headers: { ...headers, 'content-type': contentType },
        body,
      })
    return { receipt, headers }
  }

  #receipt(call: CallRequest, outcome: Outcome): SignedReceipt {
    const cumulative = this.outcomes.reduce((sum, { amountAtomic }) => sum + amountAtomic, 0n)
    return {
      id: hash(`receipt ${this.signed.length}`),
      modelCid: call.modelCid,
      signature: `0x${'1'.repeat(130)}`,
      receipt: {
        serviceId: call.serviceId,
        channelId: zero,
        payer: address,
        provider: address,
        sequence: BigInt(this.signed.length + 1),
        requestHash: call.requestHash,
        responseHash: bytesToHex(keccak256(outcome.body)),
        modelCidHash: hash(call.modelCid),
        runtimeId: call.runtimeId,
        unitsIn: BigInt(outcome.unitsIn),
        unitsOut: BigInt(outcome.unitsOut),
        amount: outcome.amountAtomic,
        cumulative,
        time: 1n,
        idempotencyKeyHash: call.idempotencyKey ? hash(call.idempotencyKey) : zero,
      },
    }
  }

  readonly receipts: Market['receipts'] = {
    get: async (id) => this.signed.find((one) => one.id === id) ?? null,
    list: async ({ limit }) => this.signed.slice(-limit).reverse(),
    proof: async () => null,
  }
  readonly channels: Market['channels'] = { get: async () => null, list: async () => [] }
  readonly facilitator: Market['facilitator'] = {
    supported: () => ({ kinds: [], extensions: [], signers: {} }),
    verify: async () => ({ isValid: false, invalidReason: 'test' }),
    settle: async () => ({ success: false, transaction: '', network: 'eip155:31402' }),
  }
  async anchorNow() {
    return null
  }
  async settleNow() {
    return { claims: [], transactions: [], paidAtomic: 7n }
  }
  async drain() {}
  async [Symbol.asyncDispose]() {}
}
