import { type AnvilChain, anvilChainId, devAccount, startAnvil as start } from '@quoin/testing'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  defineChain,
  http,
  type PublicClient,
  type TestClient,
} from 'viem'

/** Anvil with viem's clients for it. For tests and benches only. */
export interface TestChain extends AsyncDisposable {
  rpcUrl: string
  chainId: number
  client: PublicClient
  control: TestClient
  chain: ReturnType<typeof chainOf>
}

export const payerAccount = devAccount

const chainOf = (rpcUrl: string) =>
  defineChain({
    id: anvilChainId,
    name: 'test',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })

export async function startAnvil(options?: Parameters<typeof start>[0]): Promise<TestChain> {
  const anvil: AnvilChain = await start(options)
  const { rpcUrl } = anvil
  const chain = chainOf(rpcUrl)
  const transport = http(rpcUrl)
  return {
    rpcUrl,
    chainId: anvilChainId,
    chain,
    client: createPublicClient({ chain, transport, pollingInterval: 50 }),
    control: createTestClient({ chain, transport, mode: 'anvil' }),
    [Symbol.asyncDispose]: () => anvil[Symbol.asyncDispose](),
  }
}

export function walletOf(chain: TestChain, index: number) {
  return createWalletClient({
    account: payerAccount(index),
    chain: chain.chain,
    transport: http(chain.rpcUrl),
  })
}
