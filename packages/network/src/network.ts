import type { Hex, Logger } from '@quoin/kernel'
import type { Channel, ChannelOptions } from './channel/channel.ts'
import type { NetworkLimits } from './limits.ts'
import type { Protocol, ProtocolOptions } from './protocol/protocol.ts'
import type { Topic, TopicOptions } from './topic/topic.ts'

/** A libp2p peer id as text. */
export type PeerId = string

/** `invalid`: provably against the rules. `useless`: allowed but of no help. */
export type Offence = 'invalid' | 'useless'

export interface QueueInfo {
  /** Messages and bytes that wait, and messages dropped because the queue was full. */
  readonly length: number
  readonly bytes: number
  readonly dropped: number
}

/** Counts since the network opened. */
export interface Traffic {
  messagesIn: number
  bytesIn: number
  messagesOut: number
  bytesOut: number
  /** Messages lost to full queues (channels), or judged ignore or reject (topics), or refused (protocols). */
  dropped: number
}

export interface NetworkStatus {
  readonly peers: number
  readonly inboundPeers: number
  readonly knownPeers: number
  readonly dials: number
  readonly failedDials: number
  /** Connections refused by address (before a byte), by peer id, and in the handshake. */
  readonly refused: {
    readonly addresses: number
    readonly peers: number
    readonly handshakes: number
  }
  readonly bans: number
  readonly servedRequests: number
  /** All bytes that came over encrypted connections, protocol overhead included. */
  readonly bytesIn: number
  readonly channels: Readonly<Record<string, Traffic & { readonly queued: number }>>
  readonly topics: Readonly<Record<string, Traffic>>
  readonly protocols: Readonly<Record<string, Traffic>>
}

export interface PeerInfo {
  readonly id: PeerId
  /** The multiaddr the connection goes to or comes from. */
  readonly address: string
  readonly direction: 'inbound' | 'outbound'
  /** Milliseconds since the Unix epoch. */
  readonly connectedAt: number
  /** The last measured round trip, null before the first. */
  readonly latencyMs: number | null
  /** 0 is spotless; offences lower it, time heals it. */
  readonly score: number
  /** What waits to be sent to this peer, by channel. */
  readonly queues: Readonly<Record<string, QueueInfo>>
}

/** Peers of one chain. Every input from them is bounded and nothing they send throws past here. */
export interface Network extends AsyncDisposable {
  readonly peerId: PeerId
  /** Where this node listens, as multiaddrs that end in /p2p/PEER. */
  readonly addresses: readonly string[]
  peers(): readonly PeerInfo[]
  /** Tells of every peer whose handshake succeeded and of its leaving; returns the way to stop. */
  onPeer(listener: (peer: PeerId, isConnected: boolean) => void): () => void
  /** Direct long-lived streams of one class of messages. Each name once. */
  channel(name: string, options: ChannelOptions): Channel
  /** Gossip. Each name once. */
  topic(name: string, options: TopicOptions): Topic
  /** Requests with streamed answers. Each name once. */
  protocol(name: string, options: ProtocolOptions): Protocol
  /** Lowers the peer's score; who falls too low is sent away and banned for a while. */
  report(peer: PeerId, offence: Offence): void
  status(): NetworkStatus
}

export interface NetworkOptions {
  /** 32-byte secp256k1 private key. */
  readonly privateKey: Uint8Array
  /** Multiaddrs to listen on, such as /ip4/0.0.0.0/tcp/0; none: dial only. */
  readonly listen: readonly string[]
  /** Multiaddrs of peers to begin with, with or without /p2p/PEER. */
  readonly bootstrap?: readonly string[]
  /** When given, only these peers may connect or be dialed. */
  readonly allowedPeers?: readonly PeerId[]
  /** 32 bytes that name the chain; peers of another chain are refused. */
  readonly chain: Hex
  /** Multiaddrs (without /p2p/) told to peers in place of those listened on, for a node behind a router. */
  readonly announce?: readonly string[]
  /** A file for addresses of peers and bans, so that they outlive the process; none: memory only. */
  readonly statePath?: string
  readonly limits?: Partial<NetworkLimits>
  readonly logger?: Logger
}
