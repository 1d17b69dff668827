/** Bounds of a network; sizes in bytes, times in milliseconds. */
export interface NetworkLimits {
  /** Outbound dialing goes on until so many peers are connected. */
  readonly targetPeers: number
  /** No more peers than this; the share of inbound ones is bounded apart. */
  readonly maxPeers: number
  readonly maxInboundPeers: number
  /** Connections from one IP address (an IPv6 /64 counts as one), in any state. */
  readonly maxConnectionsPerIp: number
  /** Of these, such as have not yet proved who they are. */
  readonly maxPendingPerIp: number
  /** Fresh inbound connections from one IP address: a burst, then this many a second. */
  readonly connectionBurstPerIp: number
  readonly connectionsPerSecondPerIp: number
  /** Inbound connections that have not yet finished the handshake, in all. */
  readonly maxPendingConnections: number
  /** From the TCP connection until both sides have said hello. */
  readonly handshakeMs: number
  readonly dialMs: number
  /** A peer is pinged this often, and dropped when nothing at all came from it for `silenceMs`. */
  readonly heartbeatMs: number
  readonly silenceMs: number
  /** The wait between dials of one peer grows from the first to the second, with jitter. */
  readonly redialMs: number
  readonly maxRedialMs: number
  /** The first wait before peers are asked for more addresses; it grows to a minute. */
  readonly exchangeMs: number
  /** A ban lasts so long. */
  readonly banMs: number
  /** Peers in the address book. */
  readonly maxKnownPeers: number
  /** Requests being served to one peer, and to all. */
  readonly maxRequestsPerPeer: number
  readonly maxRequests: number
  /** Requests one peer may start: a burst, then this many a second. */
  readonly requestBurst: number
  readonly requestsPerSecond: number
}

export const defaultNetworkLimits: NetworkLimits = {
  targetPeers: 16,
  maxPeers: 64,
  maxInboundPeers: 48,
  maxConnectionsPerIp: 32,
  maxPendingPerIp: 16,
  connectionBurstPerIp: 64,
  connectionsPerSecondPerIp: 4,
  maxPendingConnections: 64,
  handshakeMs: 8_000,
  dialMs: 8_000,
  heartbeatMs: 1_000,
  silenceMs: 5_000,
  redialMs: 250,
  maxRedialMs: 8_000,
  exchangeMs: 1_000,
  banMs: 600_000,
  maxKnownPeers: 1_000,
  maxRequestsPerPeer: 8,
  maxRequests: 64,
  requestBurst: 64,
  requestsPerSecond: 32,
}
