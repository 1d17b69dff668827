import { Scope, silentLogger } from '@quoin/kernel'
import { Admission } from './admission/admission.ts'
import { Reputation } from './admission/reputation.ts'
import { networkError } from './errors.ts'
import { openHost } from './host/open-host.ts'
import { networkKey, peerIdOf } from './identity.ts'
import { Libp2pNetwork } from './libp2p-network.ts'
import { defaultNetworkLimits } from './limits.ts'
import type { Network, NetworkOptions } from './network.ts'
import { Connector } from './peer/connector.ts'
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
  const key = networkKey(options.privateKey)
  const self = peerIdOf(options.privateKey)
  const peers = new Peers(self)
  const reputation = new Reputation(limits.banMs)
  const { allowedPeers } = options
  const admission = new Admission({ self, limits, peers, reputation, allowedPeers })
  const host = await openHost({ key, listen: options.listen, limits, gater: admission.gater() })
  const scope = new Scope()
  scope.defer(async () => host.libp2p.stop())
  try {
    const parts = { self, key, host, peers, limits, logger, scope, admission, reputation }
    const connector = new Connector({ ...options, ...parts })
    await connector.start()
    return new Libp2pNetwork({ ...parts, connector, chain: options.chain })
  } catch (error) {
    await scope[Symbol.asyncDispose]()
    throw error
  }
}
