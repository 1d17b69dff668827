import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { genesisAlloc } from '@quoin/contracts'
import type { Hex } from '@quoin/kernel'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  defineChain,
  http,
  type PublicClient,
  type TestClient,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

/** An Ethereum node that we did not write, with our contracts at genesis. For tests and benches only. */
export interface TestChain extends AsyncDisposable {
  rpcUrl: string
  chainId: number
  client: PublicClient
  control: TestClient
  chain: ReturnType<typeof chainOf>
}

const chainId = 31_402
const mnemonic = 'test test test test test test test test test test test junk'

/** Account `index` of the public development mnemonic; the first 20 hold Credit and native coins. */
export function payerAccount(index: number) {
  return mnemonicToAccount(mnemonic, { addressIndex: index })
}

const chainOf = (rpcUrl: string) =>
  defineChain({
    id: chainId,
    name: 'test',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })

/** `blockTime` in seconds; without it each transaction gets a block at once. */
export async function startAnvil(options: { blockTime?: number } = {}): Promise<TestChain> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-anvil-'))
  const genesis = join(folder, 'genesis.json')
  await writeFile(genesis, JSON.stringify(genesisFile()))
  const anvil = createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json')
  const binary = join(anvil, '..', '..', '..', '.bin', 'anvil')
  const pace = options.blockTime === undefined ? [] : ['--block-time', `${options.blockTime}`]
  const args = ['--port', '0', '--init', genesis, '--chain-id', `${chainId}`, ...pace]
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const rpcUrl = `http://127.0.0.1:${await listeningPort(child)}`
  const chain = chainOf(rpcUrl)
  const transport = http(rpcUrl)
  return {
    rpcUrl,
    chainId,
    chain,
    client: createPublicClient({ chain, transport, pollingInterval: 50 }),
    control: createTestClient({ chain, transport, mode: 'anvil' }),
    [Symbol.asyncDispose]: async () => {
      const exited = once(child, 'exit')
      child.kill()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function walletOf(chain: TestChain, index: number) {
  return createWalletClient({
    account: payerAccount(index),
    chain: chain.chain,
    transport: http(chain.rpcUrl),
  })
}

function genesisFile() {
  const accounts = Array.from({ length: 20 }, (_, index) => payerAccount(index).address)
  const lower = (address: string): Hex => `0x${address.slice(2).toLowerCase()}`
  const alloc = genesisAlloc({
    creditOwner: lower(accounts[0] ?? ''),
    credits: accounts.map((address) => ({ address: lower(address), amount: 10n ** 12n })),
    balances: accounts.map((address) => ({ address: lower(address), wei: 10n ** 21n })),
  })
  return {
    config: { chainId },
    nonce: '0x0',
    timestamp: `0x${Math.floor(Date.now() / 1000 - 10).toString(16)}`,
    extraData: '0x',
    gasLimit: '0x3938700',
    difficulty: '0x0',
    mixHash: `0x${'0'.repeat(64)}`,
    coinbase: `0x${'0'.repeat(40)}`,
    alloc,
  }
}

async function listeningPort(child: ChildProcess): Promise<number> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += chunk
    const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1]
    if (port !== undefined) {
      child.stdout?.resume()
      return Number(port)
    }
  }
  throw new Error(`anvil did not start: ${text}`)
}
