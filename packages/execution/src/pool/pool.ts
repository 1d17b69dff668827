import type { Hex, Logger } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Chain } from '../chain/chain.ts'
import { nextBaseFee } from '../chain/fees.ts'
import { fromHex, toHex } from '../codec/bytes.ts'
import { decodeTransaction } from '../codec/transaction.ts'
import type { Block, HeadEvent, Transaction, TransactionPool } from '../interface.ts'
import type { WorldState } from '../state/world-state.ts'
import { BestFirst } from './best-first.ts'
import { checkSender, checkStateless, costOf, effectiveTip } from './checks.ts'
import { lessWorthy, worthOf } from './eviction.ts'
import type { PoolJournal } from './journal.ts'
import { poolError } from './pool-error.ts'
import { checkReplacement, SenderQueue } from './sender-queue.ts'

export interface PoolLimits {
  /** All transactions. */
  total: number
  /** Of one sender, behind a nonce gap. */
  queuedPerSender: number
  /** Of one sender. */
  perSender: number
  /** How long a transaction waits behind a gap. */
  queuedLifetimeMs: number
  /** One encoded transaction. */
  transactionBytes: number
}

export const defaultPoolLimits: PoolLimits = {
  total: 32_768,
  queuedPerSender: 1024,
  perSender: 16_384,
  queuedLifetimeMs: 3 * 3600 * 1000,
  transactionBytes: 128 * 1024,
}

export interface PoolOptions {
  chain: Chain
  chainId: bigint
  journal: PoolJournal
  limits: PoolLimits
  logger: Logger
  nowMs(): number
}

interface Accepted {
  queue: SenderQueue
  isReplacement: boolean
}

/** Transactions that wait for a block, checked as geth checks them. */
export class Pool implements TransactionPool {
  readonly #options: PoolOptions
  readonly #byHash = new Map<Hex, { transaction: Transaction; sinceMs: number }>()
  readonly #senders = new Map<Hex, SenderQueue>()
  readonly #listeners = new Set<(transaction: Transaction) => void>()
  readonly #waiters = new Set<() => void>()
  /** What a block could not use: looked at again with the next head. */
  readonly #suspects = new Set<Hex>()
  #world: WorldState

  constructor(options: PoolOptions) {
    this.#options = options
    this.#world = options.chain.world(options.chain.head)
  }

  async add(raw: Uint8Array): Promise<Hex> {
    const { journal, limits } = this.#options
    if (raw[0] === 3) throw poolError('TYPE_NOT_SUPPORTED', 'transaction type not supported')
    if (raw.length > limits.transactionBytes)
      throw poolError(
        'OVERSIZED',
        `oversized data: transaction size ${raw.length}, limit ${limits.transactionBytes}`,
      )
    const hash = toHex(keccak256(raw))
    if (this.#byHash.has(hash)) throw poolError('ALREADY_KNOWN', 'already known')
    const transaction = decodeTransaction(raw, { hash })
    const accepted = this.#accept(transaction)
    try {
      journal.append(raw)
    } catch (cause) {
      this.#remove(transaction)
      throw cause
    }
    this.#announce(transaction, accepted)
    return hash
  }

  /** Takes what the journal kept, quietly. */
  restore(transactions: Iterable<Uint8Array>): void {
    for (const raw of transactions) {
      try {
        const transaction = decodeTransaction(raw)
        if (!this.#byHash.has(transaction.hash)) this.#accept(transaction)
      } catch (cause) {
        this.#options.logger.debug({ cause }, 'Dropped a journaled transaction')
      }
    }
    this.#rewriteJournal()
  }

  get(hash: Hex): Transaction | null {
    return this.#byHash.get(hash)?.transaction ?? null
  }

  content(): ReturnType<TransactionPool['content']> {
    const pending = new Map<Hex, Transaction[]>()
    const queued = new Map<Hex, Transaction[]>()
    for (const [address, queue] of this.#senders) {
      const count = queue.pendingCount
      if (count > 0) pending.set(address, queue.all.slice(0, count))
      if (count < queue.all.length) queued.set(address, queue.all.slice(count))
    }
    return { pending, queued }
  }

  status(): { pending: number; queued: number } {
    let pending = 0
    for (const queue of this.#senders.values()) pending += queue.pendingCount
    return { pending, queued: this.#byHash.size - pending }
  }

  async nextNonce(address: Hex): Promise<bigint> {
    const queue = this.#senders.get(address)
    return queue?.nextNonce ?? this.#world.account(address)?.nonce ?? 0n
  }

  onPending(listener: (transaction: Transaction) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Executable transactions for a block with this base fee, best first. */
  best(baseFee: bigint): BestFirst {
    const queues: Transaction[][] = []
    for (const queue of this.#senders.values()) {
      const count = queue.pendingCount
      if (count > 0) queues.push(queue.all.slice(0, count))
    }
    return new BestFirst(queues, baseFee, ({ hash }) => this.#suspects.add(hash))
  }

  /** Resolves once a transaction could go into the next block. @throws the signal's reason */
  async executable(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#hasExecutable()) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => reject(signal.reason)
    this.#waiters.add(resolve)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } finally {
      this.#waiters.delete(resolve)
      signal.removeEventListener('abort', abort)
    }
  }

  /**
   * Writes the transactions of blocks that are about to be removed to the journal, before the head moves:
   * a crash in between must not lose what was acknowledged. What the new head has is dropped at the start.
   */
  keepForReturn(removed: readonly Block[]): void {
    for (const { transactions } of removed.toReversed())
      for (const { raw } of transactions) this.#options.journal.append(fromHex(raw))
  }

  /** Follows the chain: mined and outdated transactions leave, those of removed blocks come back. */
  headChanged({ removed }: HeadEvent): void {
    this.#world = this.#options.chain.world(this.#options.chain.head)
    for (const address of [...this.#senders.keys()]) this.#refresh(address)
    for (const { block } of removed.toReversed())
      for (const transaction of block.transactions) this.#returnToPool(transaction)
    this.#examineSuspects()
    this.#expire()
    this.#shrinkJournal()
    if (this.#waiters.size > 0 && this.#hasExecutable()) this.#wake()
  }

  #accept(transaction: Transaction): Accepted {
    const { chain, chainId, limits } = this.#options
    const { head } = chain
    const rules = chain.forks.rulesAt(head.number + 1n, head.timestamp)
    checkStateless(transaction, { head, rules, chainId })
    const { from, nonce } = transaction
    const known = this.#senders.get(from)
    const old = known?.withNonce(nonce) ?? null
    const reserved = (known?.cost ?? 0n) - (old === null ? 0n : costOf(old))
    checkSender(transaction, this.#world, reserved)
    if (old !== null) checkReplacement(old, transaction)
    else this.#makeRoom(transaction, known)
    const queue = known ?? new SenderQueue(this.#world.account(from)?.nonce ?? 0n)
    const isBehindGap = nonce > queue.nextNonce
    if (isBehindGap && old === null) {
      const queued = queue.all.length - queue.pendingCount
      if (queued >= limits.queuedPerSender)
        throw poolError('POOL_FULL', `too many queued transactions of ${from}`)
    }
    this.#senders.set(from, queue)
    queue.put(transaction)
    if (old !== null) this.#byHash.delete(old.hash)
    this.#byHash.set(transaction.hash, { transaction, sinceMs: this.#options.nowMs() })
    return { queue, isReplacement: old !== null }
  }

  /** Tells of a transaction that became executable, and of those that waited for it. */
  #announce(transaction: Transaction, { queue, isReplacement }: Accepted): void {
    const next = queue.nextNonce
    if (transaction.nonce >= next) return
    const first = transaction.nonce - queue.nonce
    const freed = isReplacement ? [transaction] : queue.all.slice(Number(first), queue.pendingCount)
    for (const one of freed) for (const listener of this.#listeners) listener(one)
    if (this.#waiters.size > 0 && this.#hasExecutable()) this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve()
    this.#waiters.clear()
  }

  #hasExecutable(): boolean {
    const { chain } = this.#options
    const baseFee = nextBaseFee(chain.head)
    for (const queue of this.#senders.values()) {
      const first = queue.all[0]
      if (first?.nonce === queue.nonce && effectiveTip(first, baseFee) >= 0n) return true
    }
    return false
  }

  /** A full pool drops its least worthy for a better one. @throws CodedError POOL_FULL, UNDERPRICED */
  #makeRoom(transaction: Transaction, queue: SenderQueue | undefined): void {
    const { limits } = this.#options
    if ((queue?.all.length ?? 0) >= limits.perSender)
      throw poolError('POOL_FULL', `too many transactions of ${transaction.from}`)
    if (this.#byHash.size < limits.total) return
    const baseFee = nextBaseFee(this.#options.chain.head)
    const nextNonce = queue?.nextNonce ?? this.#world.account(transaction.from)?.nonce ?? 0n
    const worth = worthOf(transaction, nextNonce, baseFee)
    const less = lessWorthy(this.#senders, { worth, baseFee, except: transaction.from })
    if (less.length === 0) throw poolError('UNDERPRICED', 'txpool is full')
    for (const one of less.slice(0, Math.ceil(limits.total / 128))) this.#remove(one)
  }

  #remove(transaction: Transaction): void {
    const queue = this.#senders.get(transaction.from)
    queue?.remove(transaction)
    if (queue?.all.length === 0) this.#senders.delete(transaction.from)
    this.#byHash.delete(transaction.hash)
  }

  #refresh(address: Hex): void {
    const queue = this.#senders.get(address)
    if (queue === undefined) return
    const account = this.#world.account(address)
    for (const stale of queue.advance(account?.nonce ?? 0n)) this.#byHash.delete(stale.hash)
    const balance = account?.balance ?? 0n
    if (queue.cost > balance)
      for (const one of queue.all.filter((each) => costOf(each) > balance)) this.#remove(one)
    if (queue.all.length === 0) this.#senders.delete(address)
  }

  #returnToPool(transaction: Transaction): void {
    if (this.#byHash.has(transaction.hash)) return
    try {
      this.#announce(transaction, this.#accept(transaction))
    } catch (cause) {
      this.#options.logger.debug({ cause }, 'Dropped a transaction of a removed block')
    }
  }

  #examineSuspects(): void {
    const { chain, chainId } = this.#options
    const { head } = chain
    const rules = chain.forks.rulesAt(head.number + 1n, head.timestamp)
    for (const hash of this.#suspects) {
      const transaction = this.get(hash)
      if (transaction === null) continue
      const others = (this.#senders.get(transaction.from)?.cost ?? 0n) - costOf(transaction)
      try {
        checkStateless(transaction, { head, rules, chainId })
        checkSender(transaction, this.#world, others)
      } catch (cause) {
        this.#options.logger.debug({ hash, cause }, 'Dropped a transaction that no block can use')
        this.#remove(transaction)
      }
    }
    this.#suspects.clear()
  }

  /** Transactions that wait behind a gap for too long leave. */
  #expire(): void {
    const before = this.#options.nowMs() - this.#options.limits.queuedLifetimeMs
    for (const { transaction, sinceMs } of this.#byHash.values()) {
      if (sinceMs > before) return
      const queue = this.#senders.get(transaction.from)
      if (queue === undefined || transaction.nonce >= queue.nextNonce) this.#remove(transaction)
    }
  }

  #shrinkJournal(): void {
    if (this.#options.journal.sizeBytes > (1 << 20) + this.#byHash.size * 512)
      this.#rewriteJournal()
  }

  #rewriteJournal(): void {
    const raws: Uint8Array[] = []
    for (const queue of this.#senders.values())
      for (const { raw } of queue.all) raws.push(fromHex(raw))
    this.#options.journal.rewrite(raws)
  }
}
