import { randomBytes } from 'node:crypto'
import type { Block, Execution, Transaction } from '@quoin/execution'
import { bytesToHex, type Hex } from '@quoin/kernel'
import { rpcError } from '../errors.ts'
import { logsOfEvent } from '../filters/match-logs.ts'
import { headerToJson } from '../format/block.ts'
import { transactionToJson } from '../format/transaction.ts'
import type { LogCriteria } from '../params/log-filter.ts'

export type SubscriptionKind =
  | { type: 'newHeads' }
  | { type: 'newPendingTransactions'; full: boolean }
  | { type: 'logs'; criteria: LogCriteria }

interface Subscription {
  stop: () => void
  /** Notifications that wait for the answer that tells the client its id; null once it went out. */
  held: string[] | null
}

/** One connection's subscriptions (eth_subscribe). `send` gets whole JSON-RPC notifications. */
export class Subscriptions implements Disposable {
  readonly #subscriptions = new Map<Hex, Subscription>()
  readonly #execution: Execution
  readonly #send: (text: string) => void
  readonly #most: number

  constructor(execution: Execution, options: { send: (text: string) => void; most: number }) {
    this.#execution = execution
    this.#send = options.send
    this.#most = options.most
  }

  /** @throws CodedError LIMIT_EXCEEDED */
  add(kind: SubscriptionKind): Hex {
    if (this.#subscriptions.size >= this.#most)
      throw rpcError(
        'LIMIT_EXCEEDED',
        `too many subscriptions: at most ${this.#most} on a connection`,
      )
    const id = bytesToHex(randomBytes(16))
    const subscription: Subscription = { held: [], stop: () => {} }
    subscription.stop = this.#listen(kind, (result) => {
      const text = `{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"${id}","result":${result}}}`
      if (subscription.held) subscription.held.push(text)
      else this.#send(text)
    })
    this.#subscriptions.set(id, subscription)
    return id
  }

  remove(id: Hex): boolean {
    this.#subscriptions.get(id)?.stop()
    return this.#subscriptions.delete(id)
  }

  /** Call when answers went out: notifications must not overtake the answer that names their id. */
  release(): void {
    for (const subscription of this.#subscriptions.values()) {
      const held = subscription.held ?? []
      subscription.held = null
      for (const text of held) this.#send(text)
    }
  }

  [Symbol.dispose](): void {
    for (const { stop } of this.#subscriptions.values()) stop()
    this.#subscriptions.clear()
  }

  #listen(kind: SubscriptionKind, notify: (result: string) => void): () => void {
    const { pool } = this.#execution
    switch (kind.type) {
      case 'newHeads':
        return this.#execution.onHead(({ added }) => {
          for (const { block } of added) notify(headText(block))
        })
      case 'logs':
        return this.#execution.onHead((event) => {
          for (const log of logsOfEvent(event, kind.criteria)) notify(JSON.stringify(log))
        })
      case 'newPendingTransactions':
        return pool.onPending((transaction) =>
          notify(kind.full ? transactionText(transaction) : `"${transaction.hash}"`),
        )
    }
  }
}

const headTexts = new WeakMap<Block, string>()

/** Made once for all subscribers. */
function headText(block: Block): string {
  const known = headTexts.get(block)
  if (known) return known
  const text = JSON.stringify(headerToJson(block.header))
  headTexts.set(block, text)
  return text
}

function transactionText(transaction: Transaction): string {
  return JSON.stringify(transactionToJson(transaction, null))
}
