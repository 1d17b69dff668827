import { type Logger, Scope } from '@quoin/kernel'
import type { Network, PeerId, Verdict } from '@quoin/network'
import type { ExecutionWorker } from '@quoin/rpc'
import { RateLimit } from './rate-limit.ts'
import { decodeBatch, encodeBatches, maxBatchBytes } from './transaction-batch.ts'

/** Transactions by what became of them, since the start. */
export interface GossipCounts {
  /** Told to peers. */
  sent: number
  added: number
  known: number
  refused: number
  malformed: number
  /** Not looked at: their peer had sent too many. */
  overLimit: number
}

export interface TransactionGossip extends AsyncDisposable {
  readonly counts: Readonly<GossipCounts>
}

type Pool = Pick<ExecutionWorker, 'onTransactions' | 'addTransactions' | 'pooledTransactions'>

/** What a newcomer is told of the pool, and what is told again of what clients brought here. */
const newcomerBytes = 1024 * 1024
const againBytes = 256 * 1024
const againMs = 4_000

/** Of one peer: transactions and a thousandth of their bytes each count as one. */
const perPeer = { burst: 40_000, perSecond: 4_000 }

/**
 * Carries transactions from pool to pool. New ones of our clients go to everyone by gossip, and are passed
 * on by who found them good. Gossip can be lost, so newcomers are told the pool, and what our clients
 * brought and no block has yet is told again now and then: an acknowledged transaction is not forgotten.
 */
export function createTransactionGossip(
  network: Network,
  execution: Pool,
  logger: Logger,
): TransactionGossip {
  return new Gossip(network, execution, logger)
}

class Gossip implements TransactionGossip {
  readonly counts: GossipCounts = {
    sent: 0,
    added: 0,
    known: 0,
    refused: 0,
    malformed: 0,
    overLimit: 0,
  }
  readonly #network: Network
  readonly #execution: Pool
  readonly #logger: Logger
  readonly #limit = new RateLimit(perPeer)
  readonly #scope = new Scope()
  #isAnnouncing = false

  constructor(network: Network, execution: Pool, logger: Logger) {
    this.#network = network
    this.#execution = execution
    this.#logger = logger
    const topic = network.topic('transactions', {
      maxBytes: maxBatchBytes,
      validate: (bytes, from) => this.#take(bytes, from),
    })
    const pool = network.channel('transaction-pool', {
      maxBytes: maxBatchBytes,
      queueLength: 64,
      queueBytes: 2 * newcomerBytes,
      whenFull: 'dropNewest',
    })
    const tell = (raws: readonly Uint8Array[], send: (batch: Uint8Array) => void) => {
      this.counts.sent += raws.length
      for (const batch of encodeBatches(raws)) send(batch)
    }
    this.#scope.defer(
      execution.onTransactions((raws) => {
        if (network.peers().length > 0) tell(raws, (batch) => topic.publish(batch))
      }),
    )
    this.#scope.defer(
      network.onPeer((peer, isConnected) => {
        if (!isConnected) return this.#limit.forget(peer)
        this.#pooled(newcomerBytes, false, (raws) => tell(raws, (batch) => pool.send(peer, batch)))
      }),
    )
    this.#scope.defer(
      pool.onMessage(async (bytes, from) => {
        const verdict = await this.#take(bytes, from)
        if (verdict === 'reject') network.report(from, 'invalid')
        if (verdict === 'accept') topic.publish(bytes)
      }),
    )
    const timer = setInterval(() => {
      if (this.#isAnnouncing || network.peers().length === 0) return
      this.#pooled(againBytes, true, (raws) => tell(raws, (batch) => pool.broadcast(batch)))
    }, againMs)
    this.#scope.defer(() => clearInterval(timer))
  }

  /** Good ones are in the pool before they are passed on. */
  async #take(bytes: Uint8Array, from: PeerId): Promise<Verdict> {
    const raws = decodeBatch(bytes)
    if (raws === null) return 'reject'
    if (!this.#limit.take(from, raws.length + bytes.length / 1000, performance.now())) {
      this.counts.overLimit += raws.length
      return 'ignore'
    }
    if (this.#scope.signal.aborted) return 'ignore'
    try {
      const counts = await this.#execution.addTransactions(raws)
      this.counts.added += counts.added
      this.counts.known += counts.known
      this.counts.refused += counts.refused
      this.counts.malformed += counts.malformed
      if (counts.malformed > 0) return 'reject'
      return counts.added > 0 ? 'accept' : 'ignore'
    } catch (error) {
      this.#complain(error)
      return 'ignore'
    }
  }

  #pooled(maxBytes: number, isLocalOnly: boolean, tell: (raws: Uint8Array[]) => void): void {
    this.#isAnnouncing = true
    this.#execution
      .pooledTransactions({ maxBytes, isLocalOnly })
      .then((raws) => this.#scope.signal.aborted || tell(raws))
      .catch((error) => this.#complain(error))
      .finally(() => {
        this.#isAnnouncing = false
      })
  }

  /** When the execution has stopped, the node stops for that reason: not for this one. */
  #complain(err: unknown): void {
    if (!this.#scope.signal.aborted)
      this.#logger.debug({ err, peers: this.#network.peers().length }, 'transactions were not told')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]()
  }
}
