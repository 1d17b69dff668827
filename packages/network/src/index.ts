/**
 * Peers that speak of one chain: libp2p over TCP with noise and yamux behind a small interface that
 * carries bytes and knows nothing of blocks. Direct streams (`channel`), gossip (`topic`), requests
 * with streamed answers (`protocol`); admission, heartbeats, discovery, scores and bans. Node only.
 */
export type { Channel, ChannelOptions } from './channel/channel.ts'
export type { NetworkErrorCode } from './errors.ts'
export { peerIdOf } from './identity.ts'
export { defaultNetworkLimits, type NetworkLimits } from './limits.ts'
export type {
  Network,
  NetworkOptions,
  NetworkStatus,
  Offence,
  PeerId,
  PeerInfo,
  QueueInfo,
  Traffic,
} from './network.ts'
export { openNetwork } from './open-network.ts'
export { collectResponse } from './protocol/collect-response.ts'
export type {
  Protocol,
  ProtocolOptions,
  RequestOptions,
  ServeHandler,
} from './protocol/protocol.ts'
export type { Topic, TopicOptions, Verdict } from './topic/topic.ts'
