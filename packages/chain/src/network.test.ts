import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Hex, parseAbi, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { Chain, Genesis } from './index.ts'
import { createGenesis, validatorOf } from './index.ts'
import { historyOf, TestNetwork } from './test-support/test-network.ts'

/**
 * The same journey for every consensus and every policy: four nodes over TCP, clients of all of them, a
 * contract, transfers, a node that comes later.
 */
const chainId = 31_417
const keys = [1, 2, 3, 4].map((fill) => new Uint8Array(32).fill(fill))
const users = [0xa1, 0xa2, 0xa3, 0xa4].map((byte) =>
  privateKeyToAccount(`0x${byte.toString(16).repeat(32)}`),
)
const alloc = Object.fromEntries(
  [...users.map(({ address }) => address), ...keys.map((key) => validatorOf(key).address)].map(
    (address) => [address, { balance: `0x${parseEther('10000').toString(16)}` }],
  ),
)
const base = { chainId, timestamp: Math.floor(Date.now() / 1000) - 60, alloc }
const epochBlocks = 8

function bftGenesis(policy: 'authority' | 'stake' | 'delegated'): Genesis {
  return createGenesis({
    ...base,
    policy,
    validators: keys.map((key) => validatorOf(key, 1000n)),
    epochBlocks,
    blockRewardGwei: 1_000_000_000n,
    blockTimeMs: 100,
    heartbeatMs: 200,
  })
}

const kinds: { name: string; genesis: Genesis }[] = [
  { name: 'bft with authority', genesis: bftGenesis('authority') },
  { name: 'bft with stake', genesis: bftGenesis('stake') },
  { name: 'bft with delegated stake', genesis: bftGenesis('delegated') },
  {
    name: 'proof of work',
    genesis: createGenesis({
      ...base,
      engine: 'pow',
      targetBlockMs: 400,
      initialDifficulty: 4000n,
      minimumDifficulty: 500n,
      halfLifeBlocks: 16,
      safeDepth: 2,
      finalizedDepth: 100,
    }),
  },
]

/** Counts its calls in slot 0 and returns it: see `counterAbi`. */
const counterCode: Hex = '0x600e600a5f39600e5ff35f54600101805f555f5260205ff3'
const counterAbi = parseAbi(['function count() returns (uint256)'])

for (const { name, genesis } of kinds)
  describe(`four nodes of ${name}`, () => {
    it('take transactions anywhere, agree on every state, and let a fifth catch up', async () => {
      await using network = await openFour(genesis)
      const { nodes } = network
      const address = await deployCounter(network)
      await countFrom(network, address)
      await transferFrom(network)
      const late = await network.join(null)
      const goal = (await heightOf(nodes[0])) + 1
      await network.until('the fifth node to catch up', async () => (await heightOf(late)) >= goal)
      await network.until('one history', async () => {
        const { height, seen } = await historyOf(nodes)
        return height >= goal && seen.slice(0, goal).every((views) => views.size === 1)
      })
    })
  })

async function openFour(genesis: Genesis): Promise<TestNetwork> {
  const isPow = genesis.config.quoin.consensus.engine === 'pow'
  const network = await TestNetwork.open(genesis, keys, (index) =>
    isPow && index < 2 ? { miningThreads: 1 } : {},
  )
  await network.until('all to see each other', () =>
    network.nodes.every((node) => (node.network?.peers().length ?? 0) >= 3),
  )
  return network
}

async function deployCounter(network: TestNetwork): Promise<Hex> {
  const { reader, wallet } = clientsOf(network, 0)
  const hash = await wallet.sendTransaction({ data: counterCode, gas: 200_000n })
  const { contractAddress } = await reader.waitForTransactionReceipt({ hash })
  assert.ok(contractAddress)
  return contractAddress
}

/** Everyone calls through its own node; the last call of all is counted everywhere. */
async function countFrom(network: TestNetwork, address: Hex): Promise<void> {
  const last = network.nodes.length - 1
  await network.until('the contract on the last node', async () => {
    const code = await clientsOf(network, last).reader.getCode({ address })
    return code !== undefined
  })
  for (const index of users.keys()) {
    const { wallet } = clientsOf(network, index)
    const count = { address, abi: counterAbi, functionName: 'count' } as const
    await wallet.writeContract({ ...count, gas: 100_000n })
  }
  const expected = BigInt(users.length)
  for (const index of network.nodes.keys())
    await network.until(`all calls counted on node ${index}`, async () => {
      const slot = await clientsOf(network, index).reader.getStorageAt({ address, slot: '0x0' })
      return BigInt(slot ?? '0x0') === expected
    })
}

async function transferFrom(network: TestNetwork): Promise<void> {
  const sink: Hex = `0x${'5d'.repeat(20)}`
  await Promise.all(
    users.map(async (_, index) => {
      const { wallet } = clientsOf(network, index)
      const { reader } = clientsOf(network, index)
      const first = await reader.getTransactionCount({
        address: wallet.account.address,
        blockTag: 'pending',
      })
      for (let nonce = first; nonce < first + 10; nonce++)
        await wallet.sendTransaction({ to: sink, value: 1n, nonce, gas: 21_000n })
    }),
  )
  const expected = BigInt(users.length * 10)
  for (const index of network.nodes.keys())
    await network.until(`all transfers on node ${index}`, async () => {
      const { reader } = clientsOf(network, index)
      return (await reader.getBalance({ address: sink })) === expected
    })
}

function clientsOf(network: TestNetwork, index: number) {
  const node = network.nodes[index]
  const user = users[index]
  assert.ok(node && user)
  return network.clients(node, user)
}

async function heightOf(node: Chain | undefined): Promise<number> {
  return node ? (await node.status()).height : 0
}
