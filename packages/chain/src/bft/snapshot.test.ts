import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { createGenesis, validatorOf } from '../index.ts'
import type { BftChain, Chain } from '../interface.ts'
import { historyOf, TestNetwork } from '../test-support/test-network.ts'

const keys = [1, 2].map((fill) => new Uint8Array(32).fill(fill))
const user = privateKeyToAccount(`0x${'a1'.repeat(32)}`)
const rich = { balance: `0x${parseEther('1000').toString(16)}` }
const epochBlocks = 8
const chosen = {
  chainId: 31_418,
  timestamp: Math.floor(Date.now() / 1000) - 60,
  alloc: {
    [user.address]: rich,
    ...Object.fromEntries(keys.map((key) => [validatorOf(key).address, rich])),
  },
  policy: 'stake' as const,
  validators: keys.map((key) => validatorOf(key, 1000n)),
  blockTimeMs: 40,
  heartbeatMs: 60,
}
const genesis = createGenesis({ ...chosen, epochBlocks })

function asBft(chain: Chain): BftChain {
  assert.equal(chain.engine, 'bft')
  return chain as BftChain
}

/** Two validators with some blocks, and transactions in the first ones. */
async function openGrown(height: number, of = genesis): Promise<TestNetwork> {
  const network = await TestNetwork.open(of, keys)
  const [first] = network.nodes
  assert.ok(first)
  const { wallet, reader } = network.clients(first, user)
  for (let index = 1n; index <= 5n; index++) {
    const hash = await wallet.sendTransaction({ to: `0x${'0e'.repeat(20)}`, value: index })
    await reader.waitForTransactionReceipt({ hash })
  }
  await network.until(`height ${height}`, () => asBft(first).blocks.height >= height)
  return network
}

describe('a node that begins at a snapshot', { timeout: 120_000 }, () => {
  it('has the state without the blocks before, follows, and takes up its folder again', async () => {
    await using network = await openGrown(4 * epochBlocks)
    const stages = new Set<string>()
    const late = asBft(
      await network.join(null, { sync: { onProgress: ({ stage }) => stages.add(stage) } }),
    )
    assert.deepEqual([...stages], ['headers', 'blocks', 'state'])
    const began = late.blocks.height
    assert.ok(began >= 3 * epochBlocks, `began at ${began}`)
    assert.equal(await late.blocks.byHeight(2), null, 'not executed here')
    const { reader, wallet } = network.clients(late, user)
    assert.equal(await reader.getBalance({ address: `0x${'0e'.repeat(20)}` }), 15n)
    const hash = await wallet.sendTransaction({ to: `0x${'0e'.repeat(20)}`, value: 1n })
    await reader.waitForTransactionReceipt({ hash })
    const target = began + 3 * epochBlocks
    await network.until(`height ${target}`, () => late.blocks.height >= target)
    await network.stop(2)
    const again = asBft(await network.start(2, null, { sync: {} }))
    assert.ok(again.blocks.height >= target)
    assert.equal(await again.blocks.byHeight(2), null, 'goes on from its own folder')
    const [first] = network.nodes
    assert.ok(first)
    const { height } = await again.status()
    const roots = await Promise.all(
      [first, again].map(async (node) => {
        const { reader: each } = network.clients(node, user)
        return (await each.getBlock({ blockNumber: BigInt(height) })).stateRoot
      }),
    )
    assert.equal(roots[0], roots[1])
  })

  it('takes a checkpoint for its trust, and refuses the chain when the checkpoint is another’s', async () => {
    await using network = await openGrown(2 * epochBlocks + 2)
    const [first] = network.nodes
    assert.ok(first)
    const known = await asBft(first).blocks.byHeight(5)
    assert.ok(known)
    const expired = network.join(null, { sync: { trustingPeriodMs: 1 } })
    await assert.rejects(expired, { code: 'TRUST_EXPIRED' })
    const id = `0x${'77'.repeat(32)}` as const
    const wrong = network.join(null, { sync: { checkpoint: { height: 5, id } } })
    await assert.rejects(wrong, (error: Error) =>
      /checkpoint|block 5|height 5/i.test(error.message),
    )
    const right = await network.join(null, { sync: { checkpoint: { height: 5, id: known.id } } })
    assert.ok(asBft(right).blocks.height >= 2 * epochBlocks)
  })

  it('begins at the genesis while the first epoch lasts', async () => {
    const longEpochs = createGenesis({ ...chosen, epochBlocks: 5_000 })
    await using network = await openGrown(2, longEpochs)
    const late = asBft(await network.join(null, { sync: {} }))
    await network.until('the first block', () => late.blocks.height >= 1)
    assert.ok(await late.blocks.byHeight(1))
    const { seen } = await historyOf(network.nodes)
    for (const views of seen) assert.equal(views.size, 1)
  })
})
