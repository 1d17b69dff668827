import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CodedError } from '@quoin/kernel'
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  type PrivateKeyAccount,
} from 'viem'
import { type Chain, type ChainOptions, type Genesis, openChain } from '../index.ts'

/** Nodes of one chain in this process, each with a folder and real sockets of its own. */
export class TestNetwork implements AsyncDisposable {
  readonly genesis: Genesis
  readonly #running = new Map<number, Chain>()
  #count = 0
  readonly #folder: string
  readonly #failures: Error[] = []

  private constructor(genesis: Genesis, folder: string) {
    this.genesis = genesis
    this.#folder = folder
  }

  /** Those that run now. */
  get nodes(): readonly Chain[] {
    return [...this.#running].sort(([a], [b]) => a - b).map(([, node]) => node)
  }

  static async open(
    genesis: Genesis,
    keys: readonly Uint8Array[],
    optionsOf: (index: number) => Partial<ChainOptions> = () => ({}),
  ): Promise<TestNetwork> {
    const folder = await mkdtemp(join(tmpdir(), 'quoin-network-'))
    const network = new TestNetwork(genesis, folder)
    try {
      for (const [index, key] of keys.entries()) await network.join(key, optionsOf(index))
      return network
    } catch (error) {
      await network[Symbol.asyncDispose]()
      throw error
    }
  }

  /** A node more, that knows the others' addresses. */
  join(validatorKey: Uint8Array | null, options: Partial<ChainOptions> = {}): Promise<Chain> {
    return this.start(this.#count++, validatorKey, options)
  }

  /** A node with the folder and the network key of this number. */
  async start(
    index: number,
    validatorKey: Uint8Array | null,
    options: Partial<ChainOptions> = {},
  ): Promise<Chain> {
    const node = await openChain({
      dataDir: join(this.#folder, `node-${index}`),
      genesis: this.genesis,
      validatorKey,
      rpc: { host: '127.0.0.1', port: 0 },
      network: {
        privateKey: new Uint8Array(32).fill(0x40 + index),
        listen: ['/ip4/127.0.0.1/tcp/0'],
        bootstrap: this.nodes.flatMap(({ network }) => network?.addresses ?? []),
      },
      ...options,
    })
    node.onFailure((failure) => this.#failures.push(failure))
    this.#running.set(index, node)
    return node
  }

  /** Closes a node; its folder stays. */
  async stop(index: number): Promise<void> {
    const node = this.#running.get(index)
    this.#running.delete(index)
    await node?.[Symbol.asyncDispose]()
  }

  /** Polls until `isSo` holds. @throws a node's failure, or CodedError TIMED_OUT */
  async until(what: string, isSo: () => boolean | Promise<boolean>, limitMs = 30_000) {
    const endMs = performance.now() + limitMs
    while (!(await isSo())) {
      const [failure] = this.#failures
      if (failure) throw failure
      if (performance.now() > endMs) {
        const heights = await Promise.all(
          this.nodes.map(async (node) => (await node.status()).height),
        )
        throw new CodedError('TIMED_OUT', `Waited in vain for ${what}; heights are ${heights}`)
      }
      await delay(20)
    }
  }

  clients(node: Chain, account: PrivateKeyAccount) {
    const chain = defineChain({
      id: this.genesis.config.chainId,
      name: 'test',
      nativeCurrency: { name: 'Coin', symbol: 'C', decimals: 18 },
      rpcUrls: { default: { http: [node.rpcUrl] } },
    })
    const transport = http(node.rpcUrl)
    return {
      reader: createPublicClient({ chain, transport, pollingInterval: 25, cacheTime: 0 }),
      wallet: createWalletClient({ chain, transport, account }),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const index of [...this.#running.keys()].reverse()) await this.stop(index)
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Hashes and state roots of the blocks that all nodes have, as each node's execution tells them. */
export async function historyOf(
  nodes: readonly Chain[],
): Promise<{ height: number; seen: Set<string>[] }> {
  const readers = nodes.map(({ rpcUrl }) => createPublicClient({ transport: http(rpcUrl) }))
  const heights = await Promise.all(nodes.map(async (node) => (await node.status()).height))
  const height = Math.min(...heights)
  const seen: Set<string>[] = []
  for (let number = 1n; number <= height; number++) {
    const views = await Promise.all(
      readers.map(async (reader) => {
        const { hash, stateRoot } = await reader.getBlock({ blockNumber: number })
        return `${hash} ${stateRoot}`
      }),
    )
    seen.push(new Set(views))
  }
  return { height, seen }
}
