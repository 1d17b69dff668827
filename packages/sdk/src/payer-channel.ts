import type { Hex } from '@quoin/kernel'
import type { ChannelConfig } from '@quoin/protocol'
import type { LocalAccount } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import {
  type ChannelLedger,
  committedOf,
  credit,
  learn,
  release,
  reserve,
  settle,
} from './channel-ledger.ts'
import type { ChannelRecord } from './channel-store.ts'
import { sdkError } from './errors.ts'
import { depositFor } from './limits.ts'
import { emptyTrail, extendTrail, type ReceiptTrail } from './receipt-trail.ts'

export interface HoldRequest {
  callId: string
  ceiling: bigint
  /** The most that may be charged on this channel, and put into it. */
  cap: bigint
  /** What the provider told a corrected call to count from. */
  floor: bigint
  /** The provider's least deposit. */
  minDeposit: bigint
}

/** A voucher to sign for one call; with `deposit`, also that much to add to escrow along with it. */
export interface Hold {
  maxClaimable: bigint
  deposit: bigint | null
}

/**
 * One channel while calls run on it: hands out holds, lets one call at a time fund it while those that
 * escrow does not cover wait, and keeps the books as answers come in.
 */
export class PayerChannel {
  readonly channelId: Hex
  readonly chainId: number
  readonly config: ChannelConfig
  readonly sessionKey: LocalAccount
  #expiresAt: number
  #session: ChannelRecord['session']
  readonly #secret: Hex
  #ledger: ChannelLedger
  #trail: ReceiptTrail
  #lastReceipt: ChannelRecord['lastReceipt']
  /** Settles when the deposit under way is known to have worked or not. */
  #funding: PromiseWithResolvers<void> | null = null
  #waiting = 0n
  /** Calls whose answer was never seen to its end: held until a later answer tells the total. */
  readonly #abandoned = new Set<string>()

  constructor(record: ChannelRecord) {
    this.channelId = record.channelId
    this.chainId = record.chainId
    this.config = record.config
    this.#secret = record.sessionKey
    this.sessionKey = privateKeyToAccount(record.sessionKey)
    this.#session = record.session
    this.#expiresAt = record.expiresAt
    const { deposited, charged, signed } = record
    this.#ledger = { deposited, charged, signed, running: new Map(), used: new Set(record.used) }
    this.#trail = emptyTrail(record.lastReceipt)
    this.#lastReceipt = record.lastReceipt
  }

  get ledger(): ChannelLedger {
    return this.#ledger
  }

  get session(): ChannelRecord['session'] {
    return this.#session
  }

  /** The chain has recorded these limits for the session key. */
  authorized(session: NonNullable<ChannelRecord['session']>): void {
    this.#session = session
    this.#expiresAt = session.expiresAt
  }

  /** What is in the provider's reach: all that was put into escrow. */
  get exposure(): bigint {
    const committed = committedOf(this.#ledger)
    return committed > this.#ledger.deposited ? committed : this.#ledger.deposited
  }

  toRecord(): ChannelRecord {
    const { deposited, charged, signed, used } = this.#ledger
    return {
      channelId: this.channelId,
      chainId: this.chainId,
      config: this.config,
      sessionKey: this.#secret,
      session: this.#session,
      expiresAt: this.#expiresAt,
      deposited,
      charged,
      signed,
      used: [...used],
      lastReceipt: this.#lastReceipt,
    }
  }

  /** @throws CodedError `CAP_REACHED`, or what made the deposit fail that this call waited for. */
  async hold(request: HoldRequest, signal: AbortSignal): Promise<Hold> {
    const { callId, ceiling, cap, floor, minDeposit } = request
    const call = { id: callId, ceiling, cap, floor }
    for (;;) {
      signal.throwIfAborted()
      const reservation = reserve(this.#ledger, call)
      if (reservation.kind === 'covered') {
        this.#ledger = reservation.ledger
        return { maxClaimable: reservation.maxClaimable, deposit: null }
      }
      if (!this.#funding) {
        const missing = reservation.missing + this.#waiting
        const { deposited } = this.#ledger
        const room = cap - deposited
        const deposit = depositFor({
          ceiling,
          missing: missing > room ? reservation.missing : missing,
          deposited,
          cap,
          minimum: minDeposit,
        })
        return this.#fund(call, deposit)
      }
      this.#waiting += ceiling
      await this.#funding.promise.finally(() => {
        this.#waiting -= ceiling
      })
    }
  }

  /** Holds for a call as if its deposit were there already: it goes out with the call. */
  #fund(call: Parameters<typeof reserve>[1], deposit: bigint): Hold {
    const { deposited } = this.#ledger
    const funded = reserve(credit(this.#ledger, deposited + deposit), call)
    if (funded.kind === 'short') throw new Error('A deposit covers the call that it is made for')
    this.#ledger = { ...funded.ledger, deposited }
    this.#startFunding()
    return { maxClaimable: funded.maxClaimable, deposit }
  }

  #startFunding(): void {
    this.#funding = Promise.withResolvers()
    this.#funding.promise.catch(() => {})
  }

  /** The deposit that went out with a call is in escrow. */
  depositConfirmed(amount: bigint): void {
    this.#ledger = credit(this.#ledger, this.#ledger.deposited + amount)
    this.#funding?.resolve()
    this.#funding = null
  }

  /** The deposit did not happen; calls that waited for it fail with the same error. */
  depositFailed(error: unknown): void {
    this.#funding?.reject(error)
    this.#funding = null
  }

  /** The deposit did not happen because of a correctable fault: calls that waited try again. */
  depositDropped(): void {
    this.#funding?.resolve()
    this.#funding = null
  }

  settle(callId: string, cumulative: bigint): void {
    this.#ledger = settle(this.#ledger, callId, cumulative)
    for (const abandoned of this.#abandoned) this.#ledger = release(this.#ledger, abandoned)
    this.#abandoned.clear()
  }

  release(callId: string): void {
    this.#ledger = release(this.#ledger, callId)
  }

  /** The call may have been charged, at most its hold: kept until the next answer tells. */
  abandon(callId: string): void {
    if (this.#ledger.running.has(callId)) this.#abandoned.add(callId)
  }

  learn(chain: { deposited: bigint; claimed: bigint }): void {
    this.#ledger = learn(this.#ledger, chain)
  }

  /** @throws CodedError `RECEIPT_WRONG` when the totals of this channel's receipts do not add up. */
  recordReceipt(receipt: { sequence: bigint; amount: bigint; cumulative: bigint }): void {
    const trail = extendTrail(this.#trail, receipt)
    if (typeof trail === 'string')
      throw sdkError('RECEIPT_WRONG', `Channel ${this.channelId}: ${trail}`)
    this.#trail = trail
    const { sequence, cumulative } = receipt
    if (!this.#lastReceipt || sequence > this.#lastReceipt.sequence)
      this.#lastReceipt = { sequence, cumulative }
  }
}
