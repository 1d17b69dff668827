import type { Hex, Logger, Scope } from '@quoin/kernel'
import type { Admission } from './admission/admission.ts'
import type { Reputation } from './admission/reputation.ts'
import { type Channel, type ChannelOptions, DirectChannel } from './channel/channel.ts'
import { networkError } from './errors.ts'
import type { Host } from './host/open-host.ts'
import type { NetworkLimits } from './limits.ts'
import type { Network, NetworkStatus, Offence, PeerId, PeerInfo, QueueInfo } from './network.ts'
import type { Connector } from './peer/connector.ts'
import type { Link } from './peer/link.ts'
import type { Peers } from './peer/peers.ts'
import type { Protocol, ProtocolOptions } from './protocol/protocol.ts'
import { RequestProtocol } from './protocol/request-protocol.ts'
import { ServingPlaces } from './protocol/serving-places.ts'
import { GossipTopic, type Topic, type TopicOptions } from './topic/topic.ts'

export interface Libp2pNetworkParts {
  readonly self: PeerId
  readonly host: Host
  readonly peers: Peers
  readonly limits: NetworkLimits
  readonly logger: Logger
  readonly scope: Scope
  readonly chain: Hex
  readonly admission: Admission
  readonly reputation: Reputation
  readonly connector: Connector
}

/** What callers hold: it hands out channels, topics and protocols over the peers that others connect. */
export class Libp2pNetwork implements Network {
  readonly peerId: PeerId
  readonly #parts: Libp2pNetworkParts
  readonly #channels = new Map<string, DirectChannel>()
  readonly #topics = new Map<string, GossipTopic>()
  readonly #protocols = new Map<string, RequestProtocol>()
  readonly #places: ServingPlaces
  readonly #names = new Set<string>()

  constructor(parts: Libp2pNetworkParts) {
    this.peerId = parts.self
    this.#parts = parts
    this.#places = new ServingPlaces(parts.limits)
    parts.peers.onChange((peer, link) => {
      if (link === undefined) this.#places.forget(peer)
    })
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
    const onOffence = (peer: PeerId) => this.report(peer, 'invalid')
    const channel = new DirectChannel(name, { ...options, peers, onOffence })
    this.#channels.set(name, channel)
    this.#starting(channel.start(host))
    return channel
  }

  topic(name: string, options: TopicOptions): Topic {
    this.#claim('topic', name)
    const { host, peers, chain } = this.#parts
    const topic = new GossipTopic(`/quoin/${chain.slice(2)}/${name}/1`, {
      ...options,
      host,
      isPeer: (peer) => peers.settled(peer),
      onReject: (peer) => this.report(peer, 'invalid'),
      onFailure: (error) => this.#parts.logger.debug({ topic: name, error }, 'Gossip failed'),
    })
    this.#topics.set(name, topic)
    return topic
  }

  protocol(name: string, limits: ProtocolOptions): Protocol {
    this.#claim('protocol', name)
    const { host, peers, logger } = this.#parts
    const protocol = new RequestProtocol(name, {
      limits,
      peers,
      admit: (peer) => this.#places.enter(peer),
      onFailure: (error) => logger.debug({ protocol: name, error }, 'A request went unanswered'),
    })
    this.#protocols.set(name, protocol)
    this.#starting(protocol.start(host))
    return protocol
  }

  report(peer: PeerId, offence: Offence): void {
    this.#parts.connector.report(peer, offence)
  }

  status(): NetworkStatus {
    const { peers, admission, reputation, connector, host } = this.#parts
    return {
      peers: peers.size,
      inboundPeers: peers.inbound,
      knownPeers: connector.book.size,
      dials: connector.dialer.dials,
      failedDials: connector.dialer.failures,
      refused: {
        addresses: admission.refusedAddresses,
        peers: admission.refusedPeers,
        handshakes: connector.greeter.refused,
      },
      bans: reputation.bans.size,
      servedRequests: this.#places.serving,
      bytesIn: host.hearing.bytesIn,
      channels: mapped(this.#channels, (channel) => ({
        ...channel.traffic,
        queued: channel.queued,
      })),
      topics: mapped(this.#topics, ({ traffic }) => ({ ...traffic })),
      protocols: mapped(this.#protocols, ({ traffic }) => ({ ...traffic })),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.scope[Symbol.asyncDispose]()
  }

  #describe(link: Link): PeerInfo {
    const queues: Record<string, QueueInfo> = {}
    for (const [name, channel] of this.#channels) queues[name] = channel.queue(link.peer)
    const { peer: id, connectedAt, latencyMs, connection } = link
    const { direction } = connection
    const score = this.#parts.reputation.scoreOf(id)
    return {
      id,
      address: connection.remoteAddr.toString(),
      direction,
      connectedAt,
      latencyMs,
      score,
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

function mapped<T, R>(entries: ReadonlyMap<string, T>, change: (entry: T) => R): Record<string, R> {
  return Object.fromEntries(Array.from(entries, ([name, entry]) => [name, change(entry)]))
}
