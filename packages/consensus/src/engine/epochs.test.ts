import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createValidatorSet, type ValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { createShellNetwork, type ShellNode } from '../simulation/shell-network.ts'
import { decidedToParent } from './chain-rules.ts'
import { checkBlock } from './check-block.ts'

const busy = { blockTimeMs: 100, heartbeatMs: 100 }
const vaultOf = (validator: Hex): Hex => `0x${validator.slice(4)}ff`

async function close(nodes: readonly ShellNode[]): Promise<void> {
  for (const node of nodes) await node.crash()
}

describe('at the end of an epoch', () => {
  it('the block names who was absent in more than half of it, and no other block does', async () => {
    const { clock, openNode, signers, rules } = createShellNetwork(4, busy, {
      rules: { epochBlocks: 10 },
    })
    const nodes = await Promise.all([0, 1, 2].map((index) => openNode(index)))
    await clock.advance(60_000)
    const [node] = nodes
    assert.ok(node && node.disk.blocks.length > 20)
    for (const { block } of node.disk.blocks) {
      const expected = block.header.height % 10 === 0 ? [signers[3]?.address] : []
      assert.deepEqual(block.header.absent, expected, `height ${block.header.height}`)
    }
    const [before, last] = node.disk.blocks.slice(8, 10)
    assert.ok(before && last)
    const context = { parent: decidedToParent(before), rules, nowMs: clock.now() }
    const message = /absent/
    assert.throws(() => checkBlock(last.block, context), message, 'by another count')
    await close(nodes)
  })

  it('the count goes on over a restart in the middle', async () => {
    const network = createShellNetwork(4, busy, { rules: { epochBlocks: 20 } })
    const { clock, openNode, signers } = network
    const nodes = await Promise.all([0, 1, 2].map((index) => openNode(index)))
    while ((nodes[0]?.disk.blocks.length ?? 0) < 12) await clock.advance(100)
    const disks = nodes.map(({ disk }) => disk)
    await close(nodes)
    const again = await Promise.all(disks.map((disk, index) => openNode(index, disk)))
    const late = await openNode(3)
    await clock.advance(20_000)
    const all = [...again, late]
    for (const { disk, engine } of all) {
      assert.equal(engine.status.failure, null)
      assert.deepEqual(disk.blocks[19]?.block.header.absent, [signers[3]?.address])
      assert.deepEqual(disk.blocks[39]?.block.header.absent, [], 'it is back')
    }
    await close(all)
  })

  it('who is slow to precommit is not absent: the next proposer adds what came late', async () => {
    const { clock, openNode } = createShellNetwork(
      4,
      { blockTimeMs: 500, heartbeatMs: 500 },
      { delayMs: (to) => 5 + to, rules: { epochBlocks: 10 } },
    )
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(20_000)
    const commits = nodes[0]?.disk.blocks.flatMap(({ block }) => block.lastCommit ?? []) ?? []
    assert.ok(commits.length > 20)
    assert.ok(commits.every(({ signatures }) => signatures.length === 4))
    await close(nodes)
  })
})

describe('the rules of a chain', () => {
  it('say who gets fees and reward, and blocks that pay another are refused', async () => {
    const { clock, openNode, rules } = createShellNetwork(4, busy, {
      rules: { blockRewardGwei: 5n, rewardAddressOf: vaultOf },
    })
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(2000)
    const [first, second] = nodes[0]?.disk.blocks ?? []
    assert.ok(first && second)
    const { header, payload } = second.block
    assert.equal(payload.feeRecipient, vaultOf(header.proposer))
    const address = vaultOf(header.proposer)
    const reward = { index: '0x1', validatorIndex: '0x0', address, amount: '0x5' }
    assert.deepEqual(payload.withdrawals, [reward])
    const context = { parent: decidedToParent(first), rules, nowMs: clock.now() }
    checkBlock(second.block, context)
    const others = { ...rules, blockRewardGwei: 6n }
    assert.throws(() => checkBlock(second.block, { ...context, rules: others }), /withdrawals/)
    const elsewhere = { ...rules, rewardAddressOf: (): Hex => `0x${'00'.repeat(20)}` }
    assert.throws(() => checkBlock(second.block, { ...context, rules: elsewhere }), /fees/)
    await close(nodes)
  })

  it('are advanced with each block in order, and again with the last one at a start', async () => {
    const advanced: number[] = []
    const { clock, openNode } = createShellNetwork(1, busy, {
      rules: { advance: async ({ block }) => void advanced.push(block.header.height) },
    })
    const node = await openNode(0)
    while (node.disk.blocks.length < 3) await clock.advance(50)
    await node.crash()
    node.disk.execution.payloads.length = 2
    const again = await openNode(0, node.disk)
    assert.deepEqual(advanced, [1, 2, 3, 2, 3])
    await again.crash()
  })

  it('may swap all validators from one height to the next', async () => {
    let sets: ValidatorSet[] = []
    const validatorsAt = (height: number): ValidatorSet =>
      sets[height <= 10 ? 0 : 1] ?? assert.fail('no set')
    const { clock, openNode, validators } = createShellNetwork(6, busy, { rules: { validatorsAt } })
    const members = validators.validators
    sets = [createValidatorSet(members.slice(0, 3)), createValidatorSet(members.slice(3))]
    const nodes = await Promise.all([0, 1, 2, 3, 4, 5].map((index) => openNode(index)))
    await clock.advance(15_000)
    for (const { disk, engine } of nodes) {
      assert.ok(disk.blocks.length > 15, `${disk.blocks.length}`)
      assert.equal(engine.status.failure, null)
    }
    await close(nodes)
  })
})
