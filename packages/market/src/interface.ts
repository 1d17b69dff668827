import type { Hex } from '@quoin/kernel'
import type { Anchor, ReceiptProof, SignedReceipt } from '@quoin/protocol'

/**
 * The market: what a call costs, whether its payment covers it, what was charged, and the proof of it.
 * The gateway asks `admit` before it serves and `finish` before it answers. Payments are x402 v2
 * (`exact` and `batch-settlement`). Amounts are atomic units of Credit (6 decimals), bigint.
 */
export interface Market extends AsyncDisposable {
  readonly providerAddress: Hex
  /** Decides on one call. Never throws for what a payer did wrong: the answer says it. */
  admit(call: CallRequest): Promise<Admission>
  readonly receipts: ReceiptStore
  readonly channels: ChannelReader
  /** The facilitator's endpoints (x402 v2): bodies in, bodies out, already validated by schema. */
  readonly facilitator: {
    supported(): object
    verify(body: unknown): Promise<object>
    settle(body: unknown): Promise<object>
  }
  /** Anchors the receipts that are not yet anchored; null when there are none. */
  anchorNow(): Promise<Anchor | null>
  /** Claims every channel's outstanding charge on the chain and settles it to the provider. */
  settleNow(): Promise<Settlement>
  /** Lets running calls end, then writes what is left. */
  drain(options: { signal: AbortSignal }): Promise<void>
}

export interface CallRequest {
  /** Id of the service in the Registry (bytes32). */
  serviceId: Hex
  modelCid: string
  runtimeId: Hex
  resource: { url: string; description: string; mimeType: string }
  /** The most this call may cost; what is frozen of the payer's escrow while it runs. */
  ceilingAtomic: bigint
  /**
   * Where this call's money goes, as the till of the split that its service shares its income by; default the
   * market's receiver.
   */
  payTo?: Hex
  /** The value of PAYMENT-SIGNATURE, unparsed; absent when the client sent none. */
  paymentHeader?: string
  /** The client's Idempotency-Key header. */
  idempotencyKey?: string
  /** keccak256 of the canonical JSON of the request body, bound in the receipt. */
  requestHash: Hex
  signal: AbortSignal
}

export type Admission =
  /** 402, or 4xx or 5xx with a reason: send as is, nothing was charged. */
  | { kind: 'refused'; status: number; headers: Record<string, string>; body: object }
  /**
   * Send this answer as it is, without running the call; nothing is charged. Either the same call was
   * answered before (same signing key, Idempotency-Key, service and request), or the payment was a refund request of a
   * channel, which a stock client sends with GET to any paid route.
   */
  | { kind: 'replayed'; status: number; headers: Record<string, string>; body: Uint8Array }
  | { kind: 'admitted'; call: PaidCall }

export interface PaidCall {
  /**
   * Response headers for a body that is streamed: PAYMENT-RESPONSE as if the whole ceiling were charged,
   * because the amount is not known yet. The receipt that `finish` gives has the truth; send it in the last
   * payload. Should the process die before `finish`, nothing is charged.
   */
  readonly streamHeaders: Record<string, string>
  readonly payer: Hex
  /**
   * Ends the call: charges `amountAtomic` (at most the ceiling), signs the receipt and makes both durable
   * before it resolves. `body` is kept to answer a retry with the same idempotency key. A call paid with
   * `exact` is charged what the payer authorized, whatever `amountAtomic` says.
   * @throws CodedError `STORE_FAILED` (the disk is full or broken; nothing was charged, do not send the answer)
   */
  finish(outcome: Outcome): Promise<{ receipt: SignedReceipt; headers: Record<string, string> }>
  /** Ends the call without a charge; what was frozen is free again. */
  cancel(reason: string): Promise<void>
}

export interface Outcome {
  amountAtomic: bigint
  unitsIn: number
  unitsOut: number
  status: number
  contentType: string
  /** The exact bytes of the answer; keccak256 of them is the receipt's responseHash. */
  body: Uint8Array
  /**
   * For a streamed answer, whose `body` (kept for retries) has framing: the hash to put in the receipt,
   * `hashStream` of @quoin/protocol over the data payloads. Default: keccak256 of `body`.
   */
  responseHash?: Hex
  /** The answer was cut short because its client left: it is charged, and never given to a retry. */
  isCut?: boolean
}

export interface ReceiptStore {
  get(id: Hex): Promise<SignedReceipt | null>
  list(filter: {
    channelId?: Hex
    payer?: Hex
    /** 1 to 1000. */
    limit: number
    /** Only receipts with a smaller sequence (with channelId), else older than this time in ms. */
    before?: bigint
  }): Promise<SignedReceipt[]>
  /** Null until the receipt is anchored. */
  proof(id: Hex): Promise<ReceiptProof | null>
}

export interface ChannelReader {
  get(channelId: Hex): Promise<ChannelView | null>
  list(filter: { payer?: Hex; limit: number }): Promise<ChannelView[]>
}

export interface ChannelView {
  channelId: Hex
  payer: Hex
  payerAuthorizer: Hex
  receiver: Hex
  token: Hex
  balance: bigint
  totalClaimed: bigint
  charged: bigint
  reserved: bigint
  withdrawRequestedAt: number
  session: { capAtomic: bigint; expiresAt: number } | null
}

export interface Settlement {
  claims: { channelId: Hex; totalClaimed: bigint }[]
  /** Hashes of the transactions sent, in order: claims first, then settle. */
  transactions: Hex[]
  paidAtomic: bigint
}
