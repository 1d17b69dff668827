import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openNetwork } from '@quoin/network'
import { chainId, fortune, senders, sinks } from '../../scripts/kill-test/test-genesis.ts'
import { createGenesis, networkIdOf, validatorOf } from '../index.ts'
import { TestNetwork } from '../test-support/test-network.ts'
import { encodeBatches, maxBatchBytes } from './transaction-batch.ts'

const key = new Uint8Array(32).fill(1)
const [sender] = senders
const [sink] = sinks
assert.ok(sender && sink)

const genesis = createGenesis({
  chainId,
  timestamp: 1_700_000_000,
  alloc: Object.fromEntries(
    senders.map(({ address }) => [address, { balance: `0x${fortune.toString(16)}` }]),
  ),
  validators: [validatorOf(key)],
  blockTimeMs: 50,
})

it('a transaction that a lone follower took reaches the validator through a node that knows both', async () => {
  await using network = await TestNetwork.open(genesis, [key])
  const [validator] = network.nodes
  assert.ok(validator)
  const settings = (index: number, bootstrap: readonly string[]) => ({
    network: {
      privateKey: new Uint8Array(32).fill(0x60 + index),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap,
    },
  })
  const lone = await network.join(null, settings(1, []))
  const hash = await network
    .clients(lone, sender)
    .wallet.sendTransaction({ to: sink, value: 5n, gas: 21_000n })
  const addresses = [lone, validator].flatMap((node) => node.network?.addresses ?? [])
  const between = await network.join(null, settings(2, addresses))
  for (const node of [validator, between, lone]) {
    const { reader } = network.clients(node, sender)
    await network.until('the transfer everywhere', async () => {
      return (await reader.getBalance({ address: sink })) === 5n
    })
    const receipt = await reader.getTransactionReceipt({ hash })
    assert.equal(receipt.status, 'success')
  }
})

it('peers that send what is no batch, or what is no transaction, harm nobody', async () => {
  await using network = await TestNetwork.open(genesis, [key])
  const [validator] = network.nodes
  assert.ok(validator)
  {
    await using stranger = await openNetwork({
      privateKey: new Uint8Array(32).fill(0x7b),
      listen: [],
      bootstrap: validator.network?.addresses ?? [],
      chain: networkIdOf(genesis),
    })
    const pool = stranger.channel('transaction-pool', { maxBytes: maxBatchBytes, queueLength: 64 })
    await network.until('the stranger to be connected', () => stranger.peers().length === 1)
    const [noTransaction] = encodeBatches([Uint8Array.of(2, 0xc0)])
    assert.ok(noTransaction)
    pool.broadcast(noTransaction)
    await network.until('the malformed one to be counted', async () => {
      const { transactions } = await validator.status()
      return transactions?.malformed === 1
    })
    pool.broadcast(Uint8Array.of(0xff, 0xff))
  }
  const { reader, wallet } = network.clients(validator, sender)
  const hash = await wallet.sendTransaction({ to: sink, value: 5n, gas: 21_000n })
  assert.equal((await reader.waitForTransactionReceipt({ hash })).status, 'success')
})
