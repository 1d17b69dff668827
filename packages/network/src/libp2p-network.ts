import type { Hex, Logger, Scope } from '@quoin/kernel'
import { type Channel, type ChannelOptions, DirectChannel } from './channel/channel.ts'
import { networkError } from './errors.ts'
import type { Host } from './host/open-host.ts'
import type { NetworkLimits } from './limits.ts'
import type { Network, Offence, PeerId, PeerInfo, QueueInfo } from './network.ts'
import type { Link } from './peer/link.ts'
import type { Peers } from './peer/peers.ts'
import type { Protocol, ProtocolOptions } from './protocol/protocol.ts'
import { RequestProtocol } from './protocol/request-protocol.ts'
import { GossipTopic, type Topic, type TopicOptions } from './topic/topic.ts'

export interface Libp2pNetworkParts {
  readonly self: PeerId
  readonly host: Host
  readonly peers: Peers
  readonly limits: NetworkLimits
  readonly logger: Logger
  readonly scope: Scope
  readonly chain: Hex
}

/** What callers hold: it hands out channels, topics and protocols over the peers that others connect. */
export class Libp2pNetwork implements Network {
  readonly peerId: PeerId
  readonly #parts: Libp2pNetworkParts
  readonly #channels = new Map<string, DirectChannel>()
  readonly #names = new Set<string>()

  constructor(parts: Libp2pNetworkParts) {
    this.peerId = parts.self
    this.#parts = parts
  }

  get addresses(): readonly string[] {
    return this.#parts.host.listening().map((address) => `${address}/p2p/${this.peerId}`)
  }

  peers(): readonly PeerInfo[] {
    return Array.from(this.#parts.peers.all(), (link) => this.#describe(link))
  }

  onPeer(listener: (peer: PeerId, isConnected: boolean) => void): () => void {
    const known = new Set<PeerId>()
    for (const link of this.#parts.peers.all()) known.add(link.peer)
    return this.#parts.peers.onChange((peer, link) => {
      if (link !== undefined && known.has(peer)) return
      if (link === undefined) known.delete(peer)
      else known.add(peer)
      listener(peer, link !== undefined)
    })
  }

  channel(name: string, options: ChannelOptions): Channel {
    this.#claim('channel', name)
    const { host, peers } = this.#parts
    const channel = new DirectChannel(name, { ...options, peers })
    this.#channels.set(name, channel)
    this.#starting(channel.start(host))
    return channel
  }

  topic(name: string, options: TopicOptions): Topic {
    this.#claim('topic', name)
    const { host, peers, chain } = this.#parts
    return new GossipTopic(`/quoin/${chain.slice(2)}/${name}/1`, {
      ...options,
      host,
      isPeer: async (peer) => peers.get(peer) !== undefined,
      onReject: (peer) => this.report(peer, 'invalid'),
      onFailure: (error) => this.#parts.logger.debug({ topic: name, error }, 'Gossip failed'),
    })
  }

  protocol(name: string, limits: ProtocolOptions): Protocol {
    this.#claim('protocol', name)
    const { host, peers, logger } = this.#parts
    const protocol = new RequestProtocol(name, {
      limits,
      peers,
      admit: () => () => {},
      onFailure: (error) => logger.debug({ protocol: name, error }, 'A request went unanswered'),
    })
    this.#starting(protocol.start(host))
    return protocol
  }

  report(peer: PeerId, offence: Offence): void {
    this.#parts.logger.debug({ peer, offence }, 'A peer offended')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.scope[Symbol.asyncDispose]()
  }

  #describe(link: Link): PeerInfo {
    const queues: Record<string, QueueInfo> = {}
    for (const [name, channel] of this.#channels) queues[name] = channel.queue(link.peer)
    const { peer: id, connectedAt, latencyMs, connection } = link
    const { direction } = connection
    return {
      id,
      address: connection.remoteAddr.toString(),
      direction,
      connectedAt,
      latencyMs,
      score: 0,
      queues,
    }
  }

  #claim(kind: string, name: string): void {
    if (!/^[a-z][a-z0-9-]{0,31}$/.test(name) || this.#names.has(`${kind}/${name}`))
      throw networkError(
        'NETWORK_OPTION_INVALID',
        `The ${kind} name ${name} is taken or malformed.`,
      )
    this.#names.add(`${kind}/${name}`)
  }

  #starting(work: Promise<void>): void {
    work.catch((error) => this.#parts.logger.error({ error }, 'A network service could not start'))
  }
}
