import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { verifyCertificate } from '@quoin/headers'
import { createRandom } from '../simulation/random.ts'
import { createShellNetwork, type ShellNode } from '../simulation/shell-network.ts'
import { decidedToParent, genesisParent } from './chain-rules.ts'
import { checkBlock } from './check-block.ts'
import { senderOf } from './verify-message.ts'

const pace = { blockTimeMs: 500, heartbeatMs: 15_000 }

function heights(nodes: readonly ShellNode[]): number[] {
  return nodes.map(({ disk }) => disk.blocks.length)
}

describe('one validator', () => {
  it('makes a block at once for a transaction, and then keeps to the block time', async () => {
    const { clock, openNode } = createShellNetwork(1, pace)
    const node = await openNode(0)
    await clock.advance(0)
    assert.deepEqual(heights([node]), [1], 'the first block is long due')
    await clock.advance(5000)
    assert.deepEqual(heights([node]), [1], 'nothing to do')
    node.execution.add('0x01')
    await clock.advance(0)
    assert.deepEqual(heights([node]), [2], 'no waiting when the last block is old')
    node.execution.add('0x02')
    await clock.advance(499)
    assert.deepEqual(heights([node]), [2])
    await clock.advance(1)
    assert.deepEqual(heights([node]), [3])
    assert.deepEqual(node.disk.blocks.at(-1)?.block.payload.transactions, ['0x02'])
    await node.crash()
  })

  it('makes an empty block only at the heartbeat', async () => {
    const { clock, openNode } = createShellNetwork(1, pace)
    const node = await openNode(0)
    await clock.advance(0)
    await clock.advance(14_999)
    assert.deepEqual(heights([node]), [1])
    await clock.advance(1)
    assert.deepEqual(heights([node]), [2])
    await node.crash()
  })

  it('makes blocks that anyone can check, linked by certificates', async () => {
    const { clock, openNode, rules, validators } = createShellNetwork(1, pace)
    const node = await openNode(0)
    for (let index = 0; index < 5; index++) {
      node.execution.add(`0x0${index}`)
      await clock.advance(100 * index)
    }
    await clock.advance(2000)
    let parent = genesisParent(rules)
    for (const decided of node.disk.blocks) {
      checkBlock(decided.block, { parent, rules, nowMs: clock.now() })
      assert.equal(decided.certificate.id, decided.id)
      assert.equal(verifyCertificate(decided.certificate, validators, rules.domain), 1n)
      parent = decidedToParent(decided)
    }
    assert.ok(parent.height >= 3)
    await node.crash()
  })

  it('goes on after a stop between the store and execution', async () => {
    const { clock, openNode } = createShellNetwork(1, pace)
    const first = await openNode(0)
    first.execution.add('0x01')
    await clock.advance(0)
    first.execution.add('0x02')
    await clock.advance(500)
    await first.crash()
    const { disk } = first
    assert.equal(disk.blocks.length, 2)
    disk.execution.payloads.pop()
    const second = await openNode(0, disk)
    assert.equal(disk.execution.payloads.length, 2, 'the missing block was executed again')
    second.execution.add('0x03')
    await clock.advance(500)
    assert.deepEqual(heights([second]), [3])
    await second.crash()
  })

  it('refuses an execution layer that is ahead of it', async () => {
    const { clock, openNode } = createShellNetwork(1, pace)
    const { disk, crash } = await openNode(0)
    await clock.advance(0)
    await crash()
    disk.blocks.pop()
    await assert.rejects(openNode(0, disk), { code: 'EXECUTION_MISMATCH' })
  })

  it('stops with the reason when its store fails, and says so in its status', async () => {
    const { clock, openNode } = createShellNetwork(1, pace)
    const node = await openNode(0)
    await clock.advance(0)
    const failures: string[] = []
    node.engine.onFailure(({ code }) => failures.push(code))
    node.disk.blocks.pop()
    node.execution.add('0x01')
    await clock.advance(1000)
    assert.deepEqual(failures, ['STORE_GAP'])
    assert.equal(node.engine.status.step, 'failed')
    await node.crash()
  })
})

describe('four validators', () => {
  it('decide the same blocks within two message delays of a transaction', async () => {
    const { clock, openNode } = createShellNetwork(4, pace)
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(1000)
    for (const { execution } of nodes) execution.add('0x01')
    await clock.advance(40)
    assert.deepEqual(heights(nodes), [2, 2, 2, 2])
    const ids = nodes.map(({ disk }) => disk.blocks[1]?.id)
    assert.equal(new Set(ids).size, 1)
    for (const node of nodes) await node.crash()
  })

  it('go on when one is silent, and not when two are', async () => {
    const { clock, openNode } = createShellNetwork(4, pace)
    const nodes = await Promise.all([0, 1, 2].map((index) => openNode(index)))
    await clock.advance(120_000)
    const [first = 0] = heights(nodes)
    assert.ok(first >= 5, `decided ${first}`)
    await nodes.pop()?.crash()
    await clock.advance(2_000)
    const before = heights(nodes)
    await clock.advance(60_000)
    assert.deepEqual(heights(nodes), before)
    for (const node of nodes) await node.crash()
  })

  it('keep up with messages of the next height that come before the last of this one', async () => {
    const random = createRandom(1)
    const delayMs = () => 1 + random() * 60
    const fast = { blockTimeMs: 10, heartbeatMs: 10 }
    const { clock, openNode } = createShellNetwork(4, fast, { delayMs })
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(8_000)
    const reached = heights(nodes)
    assert.ok(Math.min(...reached) > 20, `${reached}`)
    assert.ok(Math.max(...reached) - Math.min(...reached) < 3, `${reached}`)
    for (const node of nodes) await node.crash()
  })

  it('take an undecided height up again from their logs, with the same signatures', async () => {
    const { clock, openNode, sent } = createShellNetwork(4, pace)
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(1000)
    for (const { execution } of nodes) execution.add('0x01')
    await clock.advance(7)
    assert.deepEqual(heights(nodes), [1, 1, 1, 1], 'in the middle of height 2')
    const disks = nodes.map(({ disk }) => disk)
    for (const node of nodes) await node.crash()
    assert.ok(disks.some(({ wal }) => wal.durable.length > 0))
    const again = await Promise.all(disks.map((disk, index) => openNode(index, disk)))
    await clock.advance(20_000)
    assert.ok(heights(again).every((height) => height >= 2))
    const spoken = new Map<string, string>()
    for (const { message } of sent) {
      if (message.type !== 'vote' && message.type !== 'proposal') continue
      const said = message.type === 'vote' ? message.vote : message.proposal
      const slot = `${senderOf(message)} ${said.kind} ${said.height} ${said.round}`
      assert.equal(spoken.get(slot) ?? said.signature, said.signature, slot)
      spoken.set(slot, said.signature)
    }
    for (const node of again) await node.crash()
  })
})
