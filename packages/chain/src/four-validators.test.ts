import assert from 'node:assert/strict'
import { it } from 'node:test'
import { chainId, fortune, senders, sinks } from '../scripts/kill-test/test-genesis.ts'
import { createGenesis, validatorOf } from './index.ts'
import { historyOf, TestNetwork } from './test-support/test-network.ts'

const keys = [1, 2, 3, 4].map((fill) => new Uint8Array(32).fill(fill))

const genesis = createGenesis({
  chainId,
  timestamp: 1_700_000_000,
  alloc: Object.fromEntries(
    senders.map(({ address }) => [address, { balance: `0x${fortune.toString(16)}` }]),
  ),
  validators: keys.map((key) => validatorOf(key)),
  blockTimeMs: 50,
  heartbeatMs: 1000,
})

it('four validators over TCP come to the same states, with transactions sent to any of them', async () => {
  await using network = await TestNetwork.open(genesis, keys)
  const { nodes } = network
  await network.until('all to see each other', () =>
    nodes.every((node) => node.network?.peers().length === 3),
  )
  const clients = senders.map((sender, index) => {
    const node = nodes[index % nodes.length]
    assert.ok(node)
    return network.clients(node, sender)
  })
  const rounds = 10
  await Promise.all(
    clients.map(async ({ wallet }, index) => {
      for (let nonce = 0; nonce < rounds; nonce++)
        await wallet.sendTransaction({
          to: sinks[index] ?? null,
          value: 1n,
          nonce,
          gas: 21_000n,
          maxFeePerGas: 3_000_000_000n,
        })
    }),
  )
  const [first] = clients
  assert.ok(first)
  await network.until('all transfers on all nodes', async () => {
    const seen = await Promise.all(
      clients.map(async ({ reader }) =>
        Promise.all(sinks.map((address) => reader.getBalance({ address }))),
      ),
    )
    return seen.flat().every((balance) => balance === BigInt(rounds))
  })
  const { height, seen } = await historyOf(nodes)
  assert.ok(height > 0)
  for (const [index, views] of seen.entries()) assert.equal(views.size, 1, `height ${index + 1}`)
  for (const { consensus } of nodes) assert.equal(consensus.status.failure, null)
})
