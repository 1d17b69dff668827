import { type Hex, type Logger, silentLogger } from '@quoin/kernel'
import type { LocalAccount, PublicClient, TransactionReceipt } from 'viem'
import { ledgerError } from '../errors.ts'
import { toLedgerError } from '../rpc-error.ts'
import { createFeeReader, type Fees } from './fees.ts'
import type { CallOrder, Sender, SendOptions } from './interface.ts'
import { createLauncher } from './launcher.ts'
import { createWatcher } from './watcher.ts'

export interface SenderOptions {
  client: PublicClient
  account: LocalAccount
  chainId: number
  logger?: Logger
  /** How often to look for receipts while some are awaited (default 60 ms). */
  pollMs?: number
  /** After how long out of a block a transaction is sent again (default 2 s). */
  resendAfterMs?: number
  /** After how long it is sent with higher fees (default 8 s, doubled each time). */
  bumpAfterMs?: number
  /** After how long `send` stops waiting (default 2 minutes); the transaction is looked after further. */
  giveUpAfterMs?: number
  /** Transactions out of blocks at a time; more wait for their turn (default 64). */
  maxInFlight?: number
}

/** Makes the one sender of an account. See {@link Sender} for what it promises. */
export function createSender(options: SenderOptions): Sender {
  const { client, account, logger = silentLogger, giveUpAfterMs = 120_000 } = options
  const closing = new AbortController()
  const readFees = createFeeReader(client, 400)
  const signer = { sign }
  const watcher = createWatcher({ ...options, logger, readFees, signer, signal: closing.signal })
  const launcher = createLauncher({ ...options, readFees, signer, watcher, signal: closing.signal })

  function sign(order: CallOrder, nonce: number, gas: bigint, fees: Fees): Promise<Hex> {
    return account.signTransaction({
      type: 'eip1559',
      chainId: options.chainId,
      to: order.to,
      data: order.data,
      value: order.value ?? 0n,
      nonce,
      gas,
      ...fees,
    })
  }

  async function send(order: CallOrder, { signal }: SendOptions = {}): Promise<TransactionReceipt> {
    const stops = [AbortSignal.timeout(giveUpAfterMs), ...(signal ? [signal] : [])]
    const stop = AbortSignal.any(stops)
    const gas = order.gas ?? (await estimateGas(order))
    const flight = await launcher.launch(order, gas, stop)
    return watcher.landing(flight, stop)
  }

  /** Refuses here, before a nonce is used, what would revert. */
  async function estimateGas(order: CallOrder): Promise<bigint> {
    try {
      const { to, data, value = 0n } = order
      const gas = await client.estimateGas({ account: account.address, to, data, value })
      return gas + gas / 5n
    } catch (error) {
      throw toLedgerError(error, order.doing)
    }
  }

  return {
    address: account.address,
    send,
    get inFlight() {
      return watcher.inFlight
    },
    async [Symbol.asyncDispose]() {
      closing.abort(ledgerError('SENDER_CLOSED', 'The sender was closed'))
      await watcher.closed
    },
  }
}
