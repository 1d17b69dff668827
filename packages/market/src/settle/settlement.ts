import type { Hex, Logger } from '@quoin/kernel'
import { ChannelConfig } from '@quoin/protocol'
import type { Chain, ClaimOrder } from '../chain/interface.ts'
import { claimable } from '../channel/book.ts'
import type { Channel } from '../channel/channel.ts'
import type { Channels } from '../channel/channels.ts'
import type { Digests } from '../digest.ts'
import type { Settlement } from '../interface.ts'
import type { Store } from '../store/store.ts'
import { claimOrderOf, signClaims } from './claims.ts'
import { Serial } from './serial.ts'

/** Claims in one transaction: about 60,000 gas each. */
const claimsPerTransaction = 50
/** Channels looked at in one settlement; the rest follow in the next. */
const maxOwing = 5000

export interface SettlerShell {
  store: Store
  chain: Chain
  channels: Channels
  digests: Digests
  signer: { address: Hex; privateKey: Uint8Array }
  receiver: Hex
  token: Hex
  logger: Logger
}

/**
 * Turns charges into money: claims on the chain, then a settle to each receiver. Claims are cumulative
 * and the chain is asked before each, so one that was sent before a crash is not paid twice.
 */
export class Settler {
  readonly #shell: SettlerShell
  readonly #serial = new Serial()

  constructor(shell: SettlerShell) {
    this.#shell = shell
  }

  /** Claims what these channels owe (default: all that ever owed) and pays it out to their receivers. */
  settle(only?: readonly Channel[]): Promise<Settlement> {
    return this.#serial.run(() => this.#settle(only))
  }

  idle(): Promise<void> {
    return this.#serial.idle()
  }

  /** What is charged and not claimed, over the channels in memory. */
  outstanding(): bigint {
    let sum = 0n
    for (const { book } of this.#shell.channels.cached()) sum += claimable(book) - book.totalClaimed
    return sum
  }

  async #settle(only?: readonly Channel[]): Promise<Settlement> {
    const { receiver } = this.#shell
    const settlement: Settlement = { claims: [], transactions: [], paidAtomic: 0n }
    const channels = only ?? (await this.owing())
    for (let start = 0; start < channels.length; start += claimsPerTransaction)
      await this.#claim(channels.slice(start, start + claimsPerTransaction), settlement)
    // A claim may be older than this settlement: part of a refund, or of one that was cut off after it.
    for (const one of new Set([receiver, ...(await this.#shell.store.reads.receivers())]))
      await this.#payOut(one, settlement)
    return settlement
  }

  async #payOut(receiver: Hex, settlement: Settlement): Promise<void> {
    const { chain, token } = this.#shell
    const { claimed, settled } = await chain.readReceiver(receiver, token)
    if (claimed <= settled) return
    const { transactionHash, amount } = await chain.settle(receiver, token)
    settlement.transactions.push(transactionHash)
    settlement.paidAtomic += amount
  }

  /** Opens the channels that still owe something; so they are also followed. */
  async owing(): Promise<Channel[]> {
    const rows = await this.#shell.store.reads.owingChannels(maxOwing)
    return Promise.all(
      rows.map((row) =>
        this.#shell.channels.open(
          `0x${row.channel_id.slice(2)}`,
          ChannelConfig.parse(JSON.parse(row.config)),
        ),
      ),
    )
  }

  async #claim(channels: readonly Channel[], settlement: Settlement): Promise<void> {
    await Promise.all(channels.map((channel) => this.#shell.channels.refresh(channel)))
    const owing = channels.filter((channel) => claimOrderOf(channel) !== null)
    const sent = await this.#send(owing)
    if (sent !== null) {
      settlement.transactions.push(...sent.transactions)
      for (const { channel, totalClaimed } of sent.claims)
        settlement.claims.push({ channelId: channel.id, totalClaimed })
      await Promise.all(sent.claims.map(({ channel }) => this.#shell.channels.refresh(channel)))
    }
    await this.#shell.store.write(
      'claims',
      channels.map(({ id, book }) => ['setClaimed', book.totalClaimed.toString(), id]),
    )
  }

  /** One claim that the contract refuses stops its whole transaction, so then each goes alone. */
  async #send(channels: readonly Channel[]): Promise<Sent | null> {
    const rows = channels.flatMap((channel) => {
      const order = claimOrderOf(channel)
      return order ? [{ channel, order }] : []
    })
    if (rows.length === 0) return null
    const claims = rows.map(({ channel, order }) => ({
      channel,
      totalClaimed: order.totalClaimed,
    }))
    try {
      const transactionHash = await this.#sendClaims(rows.map(({ order }) => order))
      return { claims, transactions: [transactionHash] }
    } catch (error) {
      if (rows.length === 1) {
        this.#warn(rows[0]?.channel, error)
        return null
      }
    }
    const alone: Sent = { claims: [], transactions: [] }
    for (const { channel } of rows) {
      const sent = await this.#send([channel])
      if (sent === null) continue
      alone.claims.push(...sent.claims)
      alone.transactions.push(...sent.transactions)
    }
    return alone
  }

  async #sendClaims(orders: ClaimOrder[]): Promise<Hex> {
    const { transactionHash } = await this.#shell.chain.claim(
      orders,
      signClaims(this.#shell, orders),
    )
    return transactionHash
  }

  #warn(channel: Channel | undefined, error: unknown): void {
    this.#shell.logger.warn(
      {
        channelId: channel?.id ?? '',
        error: error instanceof Error ? error.message : String(error),
      },
      'claim failed',
    )
  }
}

interface Sent {
  claims: { channel: Channel; totalClaimed: bigint }[]
  transactions: Hex[]
}
