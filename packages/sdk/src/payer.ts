import type { Hex } from '@quoin/kernel'
import {
  type batchScheme,
  type ChannelConfig,
  channelIdOf,
  networkToChainId,
  type PaymentRequirements,
  type ReceiptDomain,
  type SignedReceipt,
} from '@quoin/protocol'
import type { LocalAccount } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import type { ChainAccess } from './chain-access.ts'
import type { ChannelRecord, ChannelStore } from './channel-store.ts'
import { sdkError } from './errors.ts'
import { isSameAddress, type SpendingLimits } from './limits.ts'
import type { Offer } from './offers.ts'
import { PayerChannel } from './payer-channel.ts'
import { randomBytes32 } from './payments.ts'

/** What every call of one payingFetch shares. */
export interface PayerSetup {
  account: LocalAccount
  limits: SpendingLimits
  store: ChannelStore
  /** The only channel to pay from; null for any. */
  channelId: Hex | null
  chain: ChainAccess | null
  /** The Receipts contract of each chain id, by which receipts are signed. */
  receipts: (chainId: number) => ReceiptDomain
  requireReceipts: boolean
  onReceipt: (receipt: SignedReceipt) => void
  onViolation: ((violation: Error) => void) | null
  /** Milliseconds since 1970. */
  clock: () => number
}

export type BatchOffer = Extract<Offer, { scheme: typeof batchScheme }>

/** The payer's channels, at most one for each receiver, and what was spent outside of them. */
export class Payer {
  readonly setup: PayerSetup
  readonly #channels = new Map<string, Promise<PayerChannel>>()
  readonly #open = new Set<PayerChannel>()
  readonly #saving = new Map<PayerChannel, { again: boolean; done: Promise<void> }>()
  /** Receivers that sent a wrong receipt, with what was wrong. */
  readonly #distrusted = new Map<string, Error>()
  /** Paid, or held by running calls, with the `exact` scheme. */
  exactSpent = 0n

  constructor(setup: PayerSetup) {
    this.setup = setup
  }

  /**
   * A provider broke its word. Unless the caller decides for itself, nothing more is paid to it: clients
   * that retry a failed call would else pay for it again.
   */
  violated(receiver: string, violation: unknown): void {
    if (!(violation instanceof Error)) throw violation
    if (!this.setup.onViolation) {
      this.#distrusted.set(receiver.toLowerCase(), violation)
      throw violation
    }
    this.setup.onViolation(violation)
  }

  /** @throws CodedError `PROVIDER_DISTRUSTED` */
  assertTrusted(receiver: string): void {
    const violation = this.#distrusted.get(receiver.toLowerCase())
    if (!violation) return
    throw sdkError(
      'PROVIDER_DISTRUSTED',
      `Nothing more is paid to ${receiver} here, for what it did before: ${violation.message}`,
      { cause: violation },
    )
  }

  /** What this channel may be charged in all: the cap less what is spent or in escrow elsewhere. */
  capOf(channel: PayerChannel | null): bigint {
    let elsewhere = channel ? this.exactSpent : 0n
    for (const other of this.#open) if (other !== channel) elsewhere += other.exposure
    const left = this.setup.limits.cap - elsewhere
    const session = channel?.session?.capAtomic ?? left
    return session < left ? session : left
  }

  /** The channel to the offer's receiver: the one in use, else one from the store, else a new one. */
  channelFor(offer: BatchOffer): Promise<PayerChannel> {
    const { terms, extra } = offer
    const key = [terms.network, terms.payTo, terms.asset, extra.receiverAuthorizer].join(' ')
    const known = this.#channels.get(key)
    if (known) return known
    const opening = this.#openChannel(offer)
    this.#channels.set(key, opening)
    opening.catch(() => this.#channels.delete(key))
    return opening
  }

  /** Writes the channel's record; many calls that end together share one write. */
  save(channel: PayerChannel): Promise<void> {
    const running = this.#saving.get(channel)
    if (running) {
      running.again = true
      return running.done
    }
    const state = { again: true, done: Promise.resolve() }
    state.done = (async () => {
      while (state.again) {
        state.again = false
        await this.setup.store.save(channel.toRecord())
      }
    })().finally(() => this.#saving.delete(channel))
    this.#saving.set(channel, state)
    return state.done
  }

  async #openChannel(offer: BatchOffer): Promise<PayerChannel> {
    const { store, channelId } = this.setup
    const usable = (await store.list()).filter((record) => this.#isUsable(record, offer))
    const record = usable.sort((a, b) => (leftOf(a) > leftOf(b) ? -1 : 1))[0]
    if (!record && channelId)
      throw sdkError(
        'CHANNEL_UNKNOWN',
        `Channel ${channelId} cannot pay ${offer.terms.payTo}: it is unknown here, expired, or to someone else`,
      )
    const channel = new PayerChannel(record ?? this.#newRecord(offer))
    if (record) await this.#refresh(channel)
    await this.#authorize(channel)
    await this.save(channel)
    this.#open.add(channel)
    return channel
  }

  #isUsable(record: ChannelRecord, { terms, extra }: BatchOffer): boolean {
    const { channelId, clock } = this.setup
    if (channelId && record.channelId !== channelId.toLowerCase()) return false
    return record.expiresAt > clock() / 1000 && this.#isFor(record, terms, extra)
  }

  #isFor(
    { config, chainId }: ChannelRecord,
    terms: PaymentRequirements,
    extra: BatchOffer['extra'],
  ): boolean {
    return (
      chainId === networkToChainId(terms.network) &&
      isSameAddress(config.payer, this.setup.account.address) &&
      isSameAddress(config.receiver, terms.payTo) &&
      isSameAddress(config.token, terms.asset) &&
      isSameAddress(config.receiverAuthorizer, extra.receiverAuthorizer) &&
      config.withdrawDelay === extra.withdrawDelay
    )
  }

  #newRecord({ terms, extra }: BatchOffer): ChannelRecord {
    const chainId = networkToChainId(terms.network)
    const sessionKey = generatePrivateKey()
    const config: ChannelConfig = {
      payer: lowerCase(this.setup.account.address),
      payerAuthorizer: lowerCase(privateKeyToAddress(sessionKey)),
      receiver: terms.payTo,
      receiverAuthorizer: extra.receiverAuthorizer,
      token: terms.asset,
      withdrawDelay: extra.withdrawDelay,
      salt: randomBytes32(),
    }
    return {
      channelId: channelIdOf(config, chainId),
      chainId,
      config,
      sessionKey,
      session: null,
      expiresAt: this.setup.limits.expiresAt,
      deposited: 0n,
      charged: 0n,
      signed: 0n,
      used: [],
      lastReceipt: null,
    }
  }

  /** A stored channel may have been topped up, claimed or refunded since. */
  async #refresh(channel: PayerChannel): Promise<void> {
    if (this.setup.chain) channel.learn(await this.setup.chain.readChannel(channel.channelId))
  }

  /**
   * Records the limits on the chain before the channel is funded, so that they bind claims from the start.
   * Without an RPC URL the limits hold in this program only.
   */
  async #authorize(channel: PayerChannel): Promise<void> {
    const { chain, limits } = this.setup
    if (!chain) return
    const { session } = channel
    if (session && session.capAtomic >= limits.cap && session.expiresAt >= limits.expiresAt) return
    if (chain.chainId !== channel.chainId)
      throw sdkError(
        'CONFIGURATION',
        `The provider is on chain ${channel.chainId}, and the RPC URL leads to chain ${chain.chainId}`,
      )
    const { cap: capAtomic, expiresAt } = limits
    await chain.authorizeSession(channel.config, { capAtomic, expiresAt })
    channel.authorized({ capAtomic, expiresAt })
  }
}

function leftOf({ deposited, charged }: ChannelRecord): bigint {
  return deposited - charged
}

export function lowerCase(address: Hex): Hex {
  return `0x${address.slice(2).toLowerCase()}`
}
