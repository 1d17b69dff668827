import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodePowBlock } from '../block.ts'
import { findDisagreement } from './disagreement.ts'
import { seal } from './memory-execution.ts'
import { findWrong } from './oracle.ts'
import { createPowNetwork, type SimulatedNode } from './pow-network.ts'
import { simulatePow } from './simulate-pow.ts'

const minute = 60_000

/** All stop mining, the first one last: two heads of equal work are no disagreement, but one more block ends it. */
async function quiet(net: ReturnType<typeof createPowNetwork>, nodes: readonly SimulatedNode[]) {
  for (const { hasher } of nodes.toReversed()) {
    await net.clock.advance(2 * minute)
    hasher.hashesPerSecond = 0
    hasher.stop()
  }
  await net.clock.advance(2 * minute)
}

describe('a network of miners', () => {
  it('agrees after whatever a seed brings, and the same seed brings the same', async () => {
    const results = []
    for (let seed = 1; seed <= 6; seed++) results.push(await simulatePow(seed))
    for (const [index, { failure }] of results.entries())
      assert.equal(failure, null, `npm run simulate -- --consensus pow --seed ${index + 1}`)
    assert.deepEqual(await simulatePow(4), results[3])
  })

  it('reorganizes by as many blocks as a long partition made, and brings transactions back', async () => {
    const net = createPowNetwork(11, {})
    const left = await net.openNode('left', { hashesPerSecond: 400 })
    const right = await net.openNode('right', { hashesPerSecond: 600 })
    await net.clock.advance(5 * minute)
    net.network.partition((name) => (name === 'left' ? 0 : 1))
    left.execution.add('0x77')
    await net.clock.advance(20 * minute)
    net.network.heal()
    await net.clock.advance(10 * minute)
    await quiet(net, [left, right])
    assert.equal(findDisagreement([left, right]), null)
    assert.equal(findWrong(left.disk, net.rules), null)
    const { deepestReorganization } = left.engine.status
    assert.ok(deepestReorganization > 40, `${deepestReorganization} blocks`)
    let found = 0
    for (let height = 1; height <= left.tree.head.height; height++)
      if (left.engine.blockAt(height)?.payload.transactions.includes('0x77')) found += 1
    assert.equal(found, 1)
  })

  it('refuses to rewrite finalized blocks, says so, and goes on', async () => {
    const net = createPowNetwork(12, { finalizedDepth: 20 })
    const left = await net.openNode('left', { hashesPerSecond: 300 })
    await net.openNode('right', { hashesPerSecond: 900 })
    await net.clock.advance(2 * minute)
    net.network.partition((name) => (name === 'left' ? 0 : 1))
    await net.clock.advance(30 * minute)
    net.network.heal()
    const before = left.tree.head
    await net.clock.advance(5 * minute)
    const { status } = left.engine
    assert.equal(status.failure, null)
    assert.ok(status.refusedFork && (status.refusedFork.forkHeight ?? 0) < status.finalizedHeight)
    assert.ok(left.tree.isCanonical(before))
    assert.ok(left.tree.head.height > before.height)
  })

  it('syncs a new node from the genesis, and one whose folder was lost', async () => {
    const net = createPowNetwork(13, {})
    const old = await net.openNode('old', { hashesPerSecond: 1000 })
    await net.clock.advance(120 * minute)
    assert.ok(old.tree.head.height > 600, 'more than one answer holds')
    const fresh = await net.openNode('fresh', { hashesPerSecond: 0 })
    await net.clock.advance(2 * minute)
    assert.equal(findDisagreement([old, fresh]), null)
    assert.equal(findWrong(fresh.disk, net.rules), null)
  })

  it('keeps no branches but those that may still win', async () => {
    const net = createPowNetwork(18, { finalizedDepth: 20, delayMs: 3000 })
    const nodes = [
      await net.openNode('left', { hashesPerSecond: 500 }),
      await net.openNode('right', { hashesPerSecond: 500 }),
    ]
    await net.clock.advance(40 * minute)
    await quiet(net, nodes)
    assert.deepEqual(net.problems, [])
    for (const { tree, disk, engine } of nodes) {
      assert.equal(findWrong(disk, net.rules), null)
      assert.ok(engine.status.deepestReorganization > 0)
      const lost = (await tree.from(0)).filter((link) => !tree.isCanonical(link))
      for (const { height } of lost) assert.ok(height > tree.finalizedHeight - 16, `${height}`)
      const stored = [...disk.blocks.keys()].filter((key) => key.startsWith('0x62')).length
      assert.equal(stored, tree.head.height + lost.length, 'no body is left of deleted blocks')
    }
  })

  it('follows the valid part of a branch whose end execution refuses', async () => {
    const net = createPowNetwork(14, {})
    const honest = await net.openNode('honest', { hashesPerSecond: 100 })
    await net.clock.advance(3 * minute)
    const forged = await net.openNode('forger', {
      hashesPerSecond: 0,
      disk: structuredClone(honest.disk),
    })
    // A forger does all the work over a payload that nobody can run.
    const { sealTemplate, beginTemplate } = await import('../engine/template.ts')
    const { bodyHash } = await import('../block.ts')
    const { keccak256 } = await import('@quoin/keys')
    const { sealHash } = await import('../header.ts')
    const { judgement } = await import('../judgement.ts')
    const parts = { ...forged, rules: net.rules, judgement, miner: forged.address }
    const template = await (await beginTemplate(net.clock.now(), parts))()
    const payload = seal({ ...template.payload, transactions: ['0xbad0'] }, template.parent.id)
    const header = {
      ...template.header,
      payloadHash: payload.blockHash,
      bodyHash: bodyHash({ payload, executionRequests: [] }),
    }
    const nonce = Buffer.from(keccak256(sealHash(header)).slice(0, 8)).readBigUInt64BE()
    const block = sealTemplate({ ...template, header, payload }, nonce)
    const before = honest.tree.head
    net.network.inject('honest', encodePowBlock(block), 'forger')
    await net.clock.advance(10)
    assert.equal(honest.tree.head.id, before.id)
    assert.ok(honest.tree.isInvalid(block.id))
    await net.clock.advance(10 * minute)
    assert.ok(honest.tree.head.height > before.height)
    assert.equal(honest.engine.status.failure, null)
  })

  it('keeps its block time while hash rates go up and down tenfold, and clocks lie', async () => {
    const net = createPowNetwork(15, {})
    const nodes = await Promise.all(
      [-4000, 0, 4000].map((skewMs, index) =>
        net.openNode(`node${index}`, { hashesPerSecond: 333, skewMs }),
      ),
    )
    const [first] = nodes
    assert.ok(first)
    const meanMs: number[] = []
    for (const rate of [333, 3330, 333]) {
      for (const { hasher } of nodes) hasher.hashesPerSecond = rate
      await net.clock.advance(70 * minute)
      const { height } = first.tree.head
      await net.clock.advance(40 * minute)
      meanMs.push((40 * minute) / (first.tree.head.height - height))
    }
    await quiet(net, nodes)
    assert.equal(findDisagreement(nodes), null)
    assert.equal(findWrong(first.disk, net.rules), null)
    for (const mean of meanMs) assert.ok(mean > 7500 && mean < 13_500, `${meanMs}`)
  })

  it('does not take a block from the future before its time', async () => {
    const net = createPowNetwork(16, {})
    const honest = await net.openNode('honest', { hashesPerSecond: 0 })
    const ahead = await net.openNode('ahead', { hashesPerSecond: 1000, skewMs: 60_000 })
    await net.clock.advance(3 * minute)
    assert.ok(ahead.tree.head.height > 3)
    for (let height = 1; height <= honest.tree.head.height; height++) {
      const timeMs = honest.tree.canonicalAt(height)?.timeMs ?? 0
      assert.ok(timeMs <= net.clock.now() + 5000)
    }
    assert.ok(honest.tree.head.height < ahead.tree.head.height)
    ahead.hasher.hashesPerSecond = 0
    ahead.hasher.stop()
    await net.clock.advance(3 * minute)
    assert.equal(findDisagreement([honest, ahead]), null)
  })

  it('does not find a night’s worth of easy blocks after a night without miners', async () => {
    const net = createPowNetwork(17, {})
    const node = await net.openNode('node', { hashesPerSecond: 1000 })
    await net.clock.advance(60 * minute)
    const before = node.engine.status.difficulty
    node.hasher.hashesPerSecond = 0
    node.hasher.stop()
    await net.clock.advance(10 * 60 * minute)
    const { height } = node.tree.head
    node.crash()
    const again = await net.openNode('node', { hashesPerSecond: 1000, disk: node.disk })
    await net.clock.advance(10 * minute)
    const found = again.tree.head.height - height
    assert.ok(found < 200, `${found} blocks in ten minutes`)
    assert.ok(again.engine.status.difficulty > before / 4n)
  })
})
