import { predeployAddresses } from '@quoin/contracts'
import { defineChain } from 'viem'

/** Quoin's chain id unless its genesis says otherwise. */
export const defaultChainId = 31402

/** A Quoin chain as viem describes chains. */
export function quoinChain(
  options: { chainId?: number; rpcUrl?: string; webSocketUrl?: string } = {},
) {
  const { chainId = defaultChainId, rpcUrl = 'http://127.0.0.1:8545', webSocketUrl } = options
  return defineChain({
    id: chainId,
    name: 'Quoin',
    nativeCurrency: { name: 'Quoin', symbol: 'QUO', decimals: 18 },
    rpcUrls: {
      default: { http: [rpcUrl], ...(webSocketUrl ? { webSocket: [webSocketUrl] } : {}) },
    },
    blockTime: 500,
    contracts: { multicall3: { address: predeployAddresses.multicall3 } },
  })
}
