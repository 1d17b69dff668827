import type { Hex } from '@quoin/kernel'
import type { TransactionReceipt } from 'viem'

/** A call that is to become a transaction. */
export interface CallOrder {
  to: Hex
  data: Hex
  value?: bigint
  /** Gas limit; estimated, with a fifth on top, where it is left out. */
  gas?: bigint
  /** For messages, as "deposit into the channel". */
  doing: string
}

export interface SendOptions {
  /** Stops the wait. Before the transaction left, also the sending. */
  signal?: AbortSignal
}

/**
 * Sends transactions of one account, any number at once. Nonces are given out in order, none twice and
 * none left out: a refused transaction gives its nonce back, one whose fate is unknown keeps it and is
 * sent again. What stays out of blocks is sent again, then with higher fees.
 */
export interface Sender extends AsyncDisposable {
  readonly address: Hex
  /**
   * Resolves with the receipt once the transaction is in a block and succeeded.
   * @throws CodedError `CALL_REVERTED` (not sent), `TRANSACTION_REVERTED`, `TRANSACTION_REPLACED`,
   * `TRANSACTION_PENDING`, `INSUFFICIENT_FUNDS`, `RPC_UNREACHABLE`, `RPC_REFUSED`, `SENDER_CLOSED`
   */
  send(order: CallOrder, options?: SendOptions): Promise<TransactionReceipt>
  /** Transactions that left and are not yet in a block. */
  readonly inFlight: number
}
