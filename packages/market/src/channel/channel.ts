import type { Hex } from '@quoin/kernel'
import {
  type ChannelConfig,
  findSessionFault,
  type Session,
  type SessionFault,
} from '@quoin/protocol'
import type { ChannelFacts } from '../chain/interface.ts'
import {
  baseOf,
  type ChainFacts,
  type ChannelBook,
  charge,
  emptyBook,
  hasRoom,
  judge,
  learn,
  release,
  reserve,
  vouch,
} from './book.ts'

/** One call's wish, its voucher's signature already verified. */
export interface ChannelCall {
  /** The voucher's maxClaimableAmount. */
  max: bigint
  signature: Hex
  /** The most that the call may cost. */
  amount: bigint
  serviceId: Hex
  /** The same for a corrected call and its retry, different for other calls. */
  identity: string
  signal: AbortSignal
}

export type Ruling =
  | { kind: 'admitted'; reservation: Reservation }
  /** Sign again, counting from `base`; `why` names what was wrong with the voucher. */
  | { kind: 'corrected'; base: bigint; why: 'stale' | 'below-claimed' | 'short' }
  | { kind: 'refused'; why: SessionFault | 'busy' | 'short' | 'leaving' | 'gone' | 'sealed' }

/** What is frozen for one running call. Exactly one of `charge` and `cancel` is to be called. */
export interface Reservation {
  readonly max: bigint
  readonly amount: bigint
  /** Counts the charge at once. @returns null when the channel was sealed: nothing may be charged any more. */
  charge(amount: bigint): Charge | null
  cancel(): void
}

interface Charge {
  sequence: bigint
  cumulative: bigint
  /** To be called when the charge is durable. */
  keep(): void
}

export interface ChannelLimits {
  maxWaiting: number
  /** The longest that a call waits for its turn or for running calls to end. */
  waitMs: number
  /** How long a corrected client's place is kept for its retry. */
  turnMs: number
}

export interface ChannelStart {
  id: Hex
  config: ChannelConfig
  facts: ChannelFacts
  charged: bigint
  ceiling: bigint
  signature: Hex | null
  sequence: bigint
}

interface Waiter {
  call: ChannelCall
  resolve: (ruling: Ruling) => void
  timer: NodeJS.Timeout
  onAbort: () => void
}

interface Turn {
  value: bigint
  amount: bigint
  identity: string
  timer: NodeJS.Timeout
}

/**
 * One channel as calls see it. Calls that fit run side by side. A call whose voucher is stale is
 * answered with a correction, one at a time: the place it is told to sign for is held for it (the turn),
 * so that a stock client, which retries exactly once, wins with its retry.
 */
export class Channel {
  readonly id: Hex
  readonly config: ChannelConfig
  /** The configuration in JSON, made once. */
  readonly configText: string
  /** Serializes deposits and refunds of this channel. */
  exclusive: Promise<unknown> = Promise.resolve()
  #book: ChannelBook
  #facts: ChannelFacts
  #signature: Hex | null
  #sequence: bigint
  #turn: Turn | null = null
  #waiting: Waiter[] = []
  /** Voucher values of calls that run or whose charge is not durable yet. */
  readonly #taken = new Set<bigint>()
  /** No value above it was ever used, so that most calls need no look into the records. */
  #highestTaken: bigint
  #lastShort = -1n
  /** On its way back to the payer, in a transaction that is not in a block yet. */
  #withheld = 0n
  #pumping = false
  #sealed = false
  readonly #limits: ChannelLimits
  readonly #isUsed: (max: bigint) => boolean
  readonly #clock: () => number

  constructor(
    start: ChannelStart,
    shell: { limits: ChannelLimits; isUsed: (max: bigint) => boolean; clock: () => number },
  ) {
    this.id = start.id
    this.config = start.config
    this.configText = JSON.stringify(start.config)
    this.#facts = start.facts
    this.#signature = start.signature
    this.#sequence = start.sequence
    this.#highestTaken = start.ceiling
    this.#limits = shell.limits
    this.#isUsed = shell.isUsed
    this.#clock = shell.clock
    const book = { ...emptyBook, charged: start.charged, ceiling: start.ceiling }
    this.#book = learn(book, this.#chainFacts())
  }

  get book(): Readonly<ChannelBook> {
    return this.#book
  }

  get facts(): Readonly<ChannelFacts> {
    return this.#facts
  }

  /** The signature of the largest voucher, whose value is the book's ceiling; null before the first. */
  get signature(): Hex | null {
    return this.#signature
  }

  get sequence(): bigint {
    return this.#sequence
  }

  get isIdle(): boolean {
    return this.#taken.size === 0 && this.#waiting.length === 0 && this.#turn === null
  }

  get session(): Session | null {
    return this.#facts.session
  }

  /** Takes what the chain says now, and lets those who waited for it go on. */
  learn(facts: ChannelFacts): void {
    this.#facts = facts
    this.#book = learn(this.#book, this.#chainFacts())
    this.#pump()
  }

  /** Keeps an amount out of every call's reach until what this gives is called. */
  withhold(amount: bigint): () => void {
    this.#withheld += amount
    this.learn(this.#facts)
    return () => {
      this.#withheld -= amount
      this.learn(this.#facts)
    }
  }

  /** Ends this object: a write failed, so its counts may be ahead of the records. */
  seal(): void {
    this.#sealed = true
    for (const { resolve } of [...this.#waiting]) resolve({ kind: 'refused', why: 'sealed' })
  }

  submit(call: ChannelCall): Ruling | Promise<Ruling> {
    if (call.max > this.#book.ceiling) this.#signature = call.signature
    this.#book = vouch(this.#book, call.max)
    const ruling = this.#rule(call)
    if (ruling !== null) return ruling
    if (this.#waiting.length >= this.#limits.maxWaiting) return { kind: 'refused', why: 'busy' }
    return new Promise((resolve) => this.#wait(call, resolve))
  }

  /** Whether this deposit would let a call through that the channel's funds do not cover. */
  wantsDeposit(call: ChannelCall, deposit: bigint): boolean {
    if (call.max <= this.#book.balance) return false
    const { balance, leaving, totalClaimed } = this.#chainFacts()
    const funded = learn(this.#bookFor(call), {
      balance: balance + deposit,
      leaving,
      totalClaimed,
    })
    const verdict = judge(funded, this.#cap, this.#valueOf(call), call.amount)
    return verdict === 'fits' || verdict === 'wait'
  }

  #rule(call: ChannelCall): Ruling | null {
    if (this.#sealed) return { kind: 'refused', why: 'sealed' }
    const fault = this.#sessionFault(call)
    if (fault) return { kind: 'refused', why: fault }
    const book = this.#bookFor(call)
    const verdict = judge(book, this.#cap, this.#valueOf(call), call.amount)
    if (verdict === 'fits') return this.#admit(call, book)
    if (verdict === 'wait') return null
    if (verdict === 'short' && this.#isShortForGood(call))
      return { kind: 'refused', why: this.#facts.withdrawal.amount > 0n ? 'leaving' : 'short' }
    if (this.#turn !== null) return null
    if (verdict !== 'short' && !hasRoom(book, this.#cap, call.amount)) return null
    const base = this.#holdTurn(call)
    if (verdict === 'short') this.#lastShort = base + call.amount
    return { kind: 'corrected', base, why: verdict }
  }

  #chainFacts(): ChainFacts {
    const { balance, totalClaimed, withdrawal } = this.#facts
    return { balance, totalClaimed, leaving: withdrawal.amount + this.#withheld }
  }

  #sessionFault(call: ChannelCall): SessionFault | null {
    const { session } = this.#facts
    if (session === null) return null
    const total = this.#book.charged + call.amount
    return findSessionFault(session, {
      serviceId: call.serviceId,
      total,
      now: Math.floor(this.#clock() / 1000),
    })
  }

  /** A client that was corrected already and still brings no deposit does not get further by signing again. */
  #isShortForGood(call: ChannelCall): boolean {
    if (this.#claimsTurn(call)) {
      this.#dropTurn()
      this.#pumpSoon()
      return true
    }
    return this.#lastShort === call.max
  }

  #admit(call: ChannelCall, book: ChannelBook): Ruling {
    if (this.#claimsTurn(call)) this.#dropTurn()
    this.#book = reserve(book, call.amount)
    this.#taken.add(call.max)
    if (call.max > this.#highestTaken) this.#highestTaken = call.max
    if (this.#waiting.length > 0) this.#pumpSoon()
    return { kind: 'admitted', reservation: this.#reservation(call) }
  }

  #reservation(call: ChannelCall): Reservation {
    let open = true
    const close = (): void => {
      if (!open) throw new Error('A reservation ends once')
      open = false
    }
    return {
      max: call.max,
      amount: call.amount,
      charge: (amount) => {
        close()
        if (this.#sealed) return null
        this.#book = charge(this.#book, call.amount, amount)
        this.#sequence += 1n
        this.#pump()
        const keep = (): void => this.#free(call.max)
        return { sequence: this.#sequence, cumulative: this.#book.charged, keep }
      },
      cancel: () => {
        close()
        this.#book = release(this.#book, call.amount)
        this.#free(call.max)
        this.#pump()
      },
    }
  }

  #free(max: bigint): void {
    this.#taken.delete(max)
  }

  /** The book as it is for this call: without the place that is held for it. */
  #bookFor(call: ChannelCall): ChannelBook {
    return this.#turn && this.#claimsTurn(call)
      ? release(this.#book, this.#turn.amount)
      : this.#book
  }

  /**
   * Whether this is the retry that the turn is held for. It may bring a little less than it was told to
   * sign: a stock client that reads an answer at the same moment counts that answer's smaller charge.
   */
  #claimsTurn(call: ChannelCall): boolean {
    const turn = this.#turn
    if (turn === null || call.identity !== turn.identity) return false
    return call.max > turn.value - turn.amount && !this.#isSpent(call.max)
  }

  #valueOf(call: ChannelCall): { max: bigint; used: boolean } {
    const isPromised = call.max === this.#turn?.value && !this.#claimsTurn(call)
    return { max: call.max, used: isPromised || this.#isSpent(call.max) }
  }

  #isSpent(max: bigint): boolean {
    if (max > this.#highestTaken) return false
    return this.#taken.has(max) || this.#isUsed(max)
  }

  get #cap(): bigint | null {
    return this.#facts.session?.capAtomic ?? null
  }

  /** Freezes a place for the retry of a corrected call; gives the count that the client is to sign from. */
  #holdTurn(call: ChannelCall): bigint {
    const { amount, identity } = call
    let base = baseOf(this.#book)
    while (base < this.#book.ceiling && this.#isSpent(base + amount)) base += 1n
    const timer = setTimeout(() => {
      this.#dropTurn()
      this.#pump()
    }, this.#limits.turnMs)
    timer.unref()
    this.#turn = { value: base + amount, amount, identity, timer }
    this.#book = reserve(this.#book, amount)
    return base
  }

  #dropTurn(): void {
    if (this.#turn === null) return
    clearTimeout(this.#turn.timer)
    this.#book = release(this.#book, this.#turn.amount)
    this.#turn = null
  }

  #wait(call: ChannelCall, resolve: (ruling: Ruling) => void): void {
    const leave = (ruling: Ruling): void => {
      this.#waiting = this.#waiting.filter((other) => other !== waiter)
      clearTimeout(waiter.timer)
      call.signal.removeEventListener('abort', waiter.onAbort)
      resolve(ruling)
    }
    const timer = setTimeout(
      () => leave({ kind: 'corrected', base: baseOf(this.#book), why: 'stale' }),
      this.#limits.waitMs,
    )
    timer.unref()
    const onAbort = (): void => leave({ kind: 'refused', why: 'gone' })
    const waiter: Waiter = { call, resolve: leave, timer, onAbort }
    this.#waiting.push(waiter)
    call.signal.addEventListener('abort', onAbort, { once: true })
    if (call.signal.aborted) onAbort()
  }

  #pumpSoon(): void {
    queueMicrotask(() => this.#pump())
  }

  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      for (const waiter of [...this.#waiting]) {
        const ruling = this.#rule(waiter.call)
        if (ruling !== null) waiter.resolve(ruling)
      }
    } finally {
      this.#pumping = false
    }
  }
}
