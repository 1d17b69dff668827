import { Scope, silentLogger } from '@quoin/kernel'
import { Dialer } from './discovery/dialer.ts'
import { networkError } from './errors.ts'
import { openHost } from './host/open-host.ts'
import { networkKey, peerIdOf } from './identity.ts'
import { Libp2pNetwork } from './libp2p-network.ts'
import { defaultNetworkLimits } from './limits.ts'
import type { Network, NetworkOptions, PeerId } from './network.ts'
import { Greeter } from './peer/greeter.ts'
import { startHeartbeat } from './peer/heartbeat.ts'
import { Peers } from './peer/peers.ts'

/** Listens, dials, and keeps dialing; resolves once it listens, whether or not a peer was reached. */
export async function openNetwork(options: NetworkOptions): Promise<Network> {
  if (!/^0x[0-9a-f]{64}$/.test(options.chain))
    throw networkError(
      'NETWORK_OPTION_INVALID',
      'chain must be 32 bytes in lower-case hexadecimal.',
    )
  const logger = (options.logger ?? silentLogger).child({ module: 'network' })
  const limits = { ...defaultNetworkLimits, ...options.limits }
  const self = peerIdOf(options.privateKey)
  const peers = new Peers(self)
  const allowed = options.allowedPeers && new Set(options.allowedPeers)
  const isDenied = (peer: PeerId) => allowed !== undefined && !allowed.has(peer)
  const host = await openHost({
    key: networkKey(options.privateKey),
    listen: options.listen,
    limits,
    gater: {
      denyDialPeer: (peer) => isDenied(peer.toString()),
      denyInboundEncryptedConnection: (peer) => isDenied(peer.toString()),
      denyOutboundEncryptedConnection: (peer) => isDenied(peer.toString()),
    },
  })
  const scope = new Scope()
  scope.defer(async () => host.libp2p.stop())
  const greeter = new Greeter({
    host,
    chain: options.chain,
    limits,
    peers,
    logger,
    refuse: () => (peers.size >= limits.maxPeers ? 'full' : undefined),
    onLink: (link) => startHeartbeat(link, limits),
  })
  await greeter.start()
  const dialer = new Dialer({
    host,
    limits,
    signal: scope.signal,
    isUnwanted: (peer) => peer === self || isDenied(peer) || peers.get(peer) !== undefined,
    connected: () => peers.size,
  })
  for (const address of options.bootstrap ?? []) dialer.add(address)
  return new Libp2pNetwork({ self, host, peers, limits, logger, scope, chain: options.chain })
}
