import type { Hex, Logger } from '@quoin/kernel'
import { type Network, type NetworkOptions, openNetwork } from '@quoin/network'

/** How a node is reached and whom it speaks to. */
export type NetworkSettings = Pick<
  NetworkOptions,
  'privateKey' | 'listen' | 'announce' | 'bootstrap' | 'allowedPeers' | 'statePath' | 'limits'
>

/** The network of the chain with this id. @throws CodedError `NETWORK_LISTEN_FAILED` and others of the network */
export function openChainNetwork(
  settings: NetworkSettings,
  { chain, logger }: { chain: Hex; logger: Logger },
): Promise<Network> {
  return openNetwork({ ...settings, chain, logger })
}
