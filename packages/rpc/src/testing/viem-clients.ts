import { createPublicClient, createWalletClient, defineChain, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { richKey } from './genesis.ts'

/** viem's clients of a test chain, the wallet with the rich account. */
export function viemClients(url: string) {
  const chain = defineChain({
    id: 31402,
    name: 'test',
    nativeCurrency: { name: 'coin', symbol: 'C', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  })
  const account = privateKeyToAccount(richKey)
  const settings = { chain, pollingInterval: 20, cacheTime: 0 }
  return {
    account,
    settings,
    reader: createPublicClient({ ...settings, transport: http(url) }),
    wallet: createWalletClient({ ...settings, account, transport: http(url) }),
  }
}
