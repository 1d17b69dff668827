import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { ConnectionGater, PrivateKey } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { createLibp2p, type Libp2p } from 'libp2p'
import { networkError } from '../errors.ts'
import type { NetworkLimits } from '../limits.ts'
import { gossipOptions } from '../topic/gossip-options.ts'
import { Hearing } from './guarded-muxer.ts'

export interface Host {
  readonly libp2p: Libp2p
  readonly gossip: GossipSub
  readonly hearing: Hearing
  /** Multiaddrs it listens on, without the peer id. */
  listening(): readonly string[]
}

export interface HostOptions {
  readonly key: PrivateKey
  readonly listen: readonly string[]
  readonly limits: NetworkLimits
  readonly gater: ConnectionGater
}

/** A started libp2p node whose own ideas about whom to connect to are all turned off. */
export async function openHost(options: HostOptions): Promise<Host> {
  const { limits } = options
  const hearing = new Hearing()
  try {
    const libp2p = await createLibp2p({
      privateKey: options.key,
      nodeInfo: { name: 'quoin', version: '1', userAgent: 'quoin/1' },
      // Peers learn addresses from our own exchange, which knows what is private; identify tells none.
      addresses: { listen: [...options.listen], announceFilter: () => [] },
      transports: [tcp({ backlog: 1_024 })],
      connectionEncrypters: [hearing.encrypter],
      streamMuxers: [hearing.muxer],
      connectionGater: options.gater,
      connectionMonitor: { enabled: false },
      connectionManager: {
        maxConnections: limits.maxPeers * 2 + limits.maxPendingConnections,
        // Our own gate, a moment later, bounds both and by address.
        maxIncomingPendingConnections: 65_536,
        inboundConnectionThreshold: 65_536,
        inboundUpgradeTimeout: limits.handshakeMs,
        dialTimeout: limits.dialMs,
        addressDialTimeout: limits.dialMs,
        reconnectRetries: 0,
      },
      services: {
        identify: identify({ maxInboundStreams: 2, maxOutboundStreams: 2 }),
        gossip: gossipsub(gossipOptions()),
        listening: listeningService,
      },
    })
    const { gossip, listening } = libp2p.services
    return { libp2p, gossip, listening, hearing }
  } catch (cause) {
    throw networkError(
      'NETWORK_LISTEN_FAILED',
      `The network could not listen on ${options.listen.join(', ')}: is the port taken, the address this machine's?`,
      { cause },
    )
  }
}

interface Listening {
  readonly transportManager: {
    getListeners(): readonly { getAddrs(): readonly { toString(): string }[] }[]
  }
}

/** libp2p's only way to its transports is a service of one's own. */
const listeningService =
  ({ transportManager }: Listening) =>
  (): readonly string[] =>
    transportManager.getListeners().flatMap((listener) => listener.getAddrs().map(String))
