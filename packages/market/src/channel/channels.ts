import type { Hex, Logger } from '@quoin/kernel'
import { ChannelConfig } from '@quoin/protocol'
import type { Chain, ChannelFacts } from '../chain/interface.ts'
import { marketError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { Channel, type ChannelLimits } from './channel.ts'

/** Above this many, channels that nobody uses are forgotten; they are read again when they come back. */
const maxCached = 10_000

/** The channels in memory: read from the records and the chain at first sight, followed from then on. */
export class Channels {
  readonly #store: Store
  readonly #chain: Chain
  readonly #limits: ChannelLimits
  readonly #clock: () => number
  readonly #logger: Logger
  readonly #cached = new Map<Hex, Channel>()
  readonly #opening = new Map<Hex, Promise<Channel>>()

  constructor(shell: {
    store: Store
    chain: Chain
    limits: ChannelLimits
    clock: () => number
    logger: Logger
  }) {
    this.#store = shell.store
    this.#chain = shell.chain
    this.#limits = shell.limits
    this.#clock = shell.clock
    this.#logger = shell.logger
  }

  peek(id: Hex): Channel | undefined {
    return this.#cached.get(id)
  }

  cached(): Iterable<Channel> {
    return this.#cached.values()
  }

  /**
   * The configuration is known to hash to the id.
   * @throws CodedError `CHAIN_UNREACHABLE`
   */
  open(id: Hex, config: ChannelConfig): Channel | Promise<Channel> {
    const cached = this.#cached.get(id)
    if (cached) return cached
    const opening = this.#opening.get(id)
    if (opening) return opening
    const started = this.#load(id, config).finally(() => this.#opening.delete(id))
    this.#opening.set(id, started)
    return started
  }

  /** A channel that was used here before; null when it never was. */
  async find(id: Hex): Promise<Channel | null> {
    const cached = this.#cached.get(id)
    if (cached) return cached
    const row = await this.#store.reads.channel(id)
    return row ? this.open(id, ChannelConfig.parse(JSON.parse(row.config))) : null
  }

  /** Forgets a channel; the next call reads it anew. Who still holds this object can admit no call with it. */
  drop(channel: Channel): void {
    channel.seal()
    if (this.#cached.get(channel.id) === channel) this.#cached.delete(channel.id)
  }

  /** Asks the chain again. @throws CodedError `CHAIN_UNREACHABLE` */
  async refresh(channel: Channel): Promise<void> {
    channel.learn(await this.#read(channel.id))
  }

  async #load(id: Hex, config: ChannelConfig): Promise<Channel> {
    const [facts, row] = await Promise.all([this.#read(id), this.#store.reads.channel(id)])
    const channel = new Channel(
      {
        id,
        config,
        facts,
        charged: row ? BigInt(row.charged) : 0n,
        ceiling: row ? BigInt(row.ceiling) : 0n,
        signature: row ? `0x${row.signature.slice(2)}` : null,
        sequence: row ? BigInt(row.sequence) : 0n,
      },
      {
        limits: this.#limits,
        isUsed: (max) => this.#store.reads.isVoucherUsed(id, max.toString()),
        clock: this.#clock,
      },
    )
    this.#cached.set(id, channel)
    this.#evict()
    this.#logger.debug({ channelId: id, payer: config.payer }, 'channel opened')
    return channel
  }

  async #read(id: Hex): Promise<ChannelFacts> {
    try {
      return await this.#chain.readChannel(id)
    } catch (cause) {
      throw marketError('CHAIN_UNREACHABLE', `Cannot read channel ${id} from the chain`, { cause })
    }
  }

  #evict(): void {
    if (this.#cached.size <= maxCached) return
    for (const channel of this.#cached.values()) {
      if (this.#cached.size <= maxCached * 0.9) return
      if (channel.isIdle && channel.facts.withdrawal.amount === 0n) this.drop(channel)
    }
  }
}
