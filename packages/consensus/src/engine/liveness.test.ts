import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ballotDigest } from '@quoin/headers'
import type { Message } from '../codec/messages.ts'
import { createRandom } from '../simulation/random.ts'
import { createShellNetwork, type ShellNode } from '../simulation/shell-network.ts'

const pace = { blockTimeMs: 500, heartbeatMs: 15_000 }
const busy = { blockTimeMs: 100, heartbeatMs: 100 }

function heights(nodes: readonly ShellNode[]): number[] {
  return nodes.map(({ disk }) => disk.blocks.length)
}

function assertAgreement(nodes: readonly ShellNode[]): void {
  const longest = nodes.reduce((a, b) => (a.disk.blocks.length > b.disk.blocks.length ? a : b))
  for (const { disk, engine } of nodes) {
    assert.equal(engine.status.failure, null)
    for (const [index, { id }] of disk.blocks.entries())
      assert.equal(id, longest.disk.blocks[index]?.id)
  }
}

async function close(nodes: readonly ShellNode[]): Promise<void> {
  for (const node of nodes) await node.crash()
}

describe('a network that loses messages', () => {
  for (const loss of [0.2, 0.5])
    it(`goes on deciding when ${loss * 100} of a hundred are lost`, async () => {
      const random = createRandom(7)
      const isLost = () => random() < loss
      const { clock, openNode } = createShellNetwork(4, busy, { isLost })
      const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
      await clock.advance(120_000)
      assert.ok(Math.min(...heights(nodes)) > 20, `${heights(nodes)}`)
      assertAgreement(nodes)
      await close(nodes)
    })

  it('decides through a third party when two validators cannot hear each other', async () => {
    const isLinked = (a: number, b: number) => a + b !== 1
    const { clock, openNode } = createShellNetwork(4, busy, { isLinked })
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(30_000)
    assert.ok(Math.min(...heights(nodes)) > 20, `${heights(nodes)}`)
    assertAgreement(nodes)
    await close(nodes)
  })

  it('stands still while it is split in halves, and goes on by itself when it heals', async () => {
    let isSplit = false
    const isLost = (from: number, to: number) => isSplit && from < 2 !== to < 2
    const { clock, openNode } = createShellNetwork(4, busy, { isLost })
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(5000)
    isSplit = true
    await clock.advance(1000)
    const before = heights(nodes)
    await clock.advance(60_000)
    assert.ok(Math.max(...heights(nodes)) <= Math.max(...before) + 1)
    isSplit = false
    const [stood = 0] = heights(nodes)
    await clock.advance(20_000)
    assert.ok(Math.min(...heights(nodes)) > stood + 10, `${before} ${heights(nodes)}`)
    assertAgreement(nodes)
    await close(nodes)
  })
})

describe('a proposer that is dead', () => {
  it('costs about one propose timeout', async () => {
    const { clock, openNode } = createShellNetwork(4, busy)
    const nodes = await Promise.all([0, 1, 2].map((index) => openNode(index)))
    const times: number[] = []
    let lastMs = clock.now()
    nodes[0]?.engine.onDecided(({ certificate }) => {
      if (certificate.round === 1) times.push(clock.now() - lastMs)
      lastMs = clock.now()
    })
    await clock.advance(60_000)
    assert.ok(times.length > 3, `${times.length} heights needed a second round`)
    assert.ok(Math.max(...times) < 1400, `${times}`)
    await close(nodes)
  })
})

describe('a node that was away', () => {
  it('takes in hundreds of blocks with their certificates, then votes again', async () => {
    const { clock, openNode } = createShellNetwork(4, busy)
    const nodes = await Promise.all([0, 1, 2].map((index) => openNode(index)))
    await clock.advance(120_000)
    const [height = 0] = heights(nodes)
    assert.ok(height > 150, `${height}`)
    const late = await openNode(3)
    await clock.advance(3000)
    assert.ok(late.disk.blocks.length >= height, `${late.disk.blocks.length} of ${height}`)
    await nodes.pop()?.crash()
    const before = Math.max(...heights([...nodes, late]))
    await clock.advance(20_000)
    const all = [...nodes, late]
    assert.ok(Math.min(...heights(all)) > before + 10, 'the three cannot do without it')
    assertAgreement(all)
    await close(all)
  })

  it('turns to another peer when one lies, is silent or breaks off', async () => {
    let isBad = false
    const isLost = (from: number, to: number, message: Message | null) =>
      isBad && message === null && from === 4 && to < 2
    const { clock, openNode } = createShellNetwork(4, busy, { isLost, observers: 1 })
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(30_000)
    isBad = true
    const late = await openNode(4)
    await clock.advance(10_000)
    assert.ok(late.disk.blocks.length >= (heights(nodes)[0] ?? 0) - 1, `${late.disk.blocks.length}`)
    await close([...nodes, late])
  })
})

describe('a node without a key', () => {
  it('has each block one message after it is decided, from a single peer', async () => {
    const isLinked = (a: number, b: number) => Math.max(a, b) < 4 || Math.min(a, b) === 2
    const { clock, openNode } = createShellNetwork(4, pace, {
      isLinked,
      observers: 1,
      delayMs: () => 10,
    })
    const nodes = await Promise.all([0, 1, 2, 3, 4].map((index) => openNode(index)))
    await clock.advance(10_000)
    const follower = nodes[4]
    assert.equal(follower?.disk.blocks.length, nodes[2]?.disk.blocks.length)
    for (const { execution } of nodes.slice(0, 4)) execution.add('0x01')
    const decided = new Map<string, number>()
    nodes[2]?.engine.onDecided(({ id }) => decided.set(id, clock.now()))
    const delays: number[] = []
    follower?.engine.onDecided(({ id }) => delays.push(clock.now() - (decided.get(id) ?? 0)))
    await clock.advance(1000)
    assert.deepEqual(delays, [10])
    await close(nodes)
  })
})

describe('what peers send', () => {
  it('is counted against them when it is not signed, and moves nothing', async () => {
    const { clock, openNode, listeners, reports, signers } = createShellNetwork(4, pace)
    const nodes = await Promise.all([0, 1].map((index) => openNode(index)))
    await clock.advance(100)
    const [validator = '0x', other] = signers.map(({ address }) => address)
    const ballot = { kind: 'prevote', height: 1, round: 0, id: null, validRound: -1 } as const
    const digest = ballotDigest(ballot, { chainId: 1n, genesisId: `0x${'00'.repeat(32)}` })
    const signature = (await signers[0]?.sign(digest)) ?? '0x'
    const vote = { ...ballot, validator: other ?? validator, signature }
    listeners.get(0)?.({ type: 'vote', vote }, '3')
    await clock.advance(1)
    assert.deepEqual(reports, [{ from: 0, peer: '3', offence: 'invalid' }])
    await close(nodes)
  })

  it('cannot make a node work without end: floods of far heights, rounds and statuses', async () => {
    const { clock, openNode, listeners, sent } = createShellNetwork(4, pace)
    const nodes = await Promise.all([0, 1, 2, 3].map((index) => openNode(index)))
    await clock.advance(1000)
    const before = sent.length
    const id = `0x${'00'.repeat(32)}` as const
    for (let index = 0; index < 5000; index++) {
      const status = {
        height: index % 2 ? 1 : 1e9,
        parentId: id,
        round: 0,
        validRound: -1,
        hasProposal: false,
        prevotes: '0x',
        precommits: '0x',
        follows: false,
      } as const
      listeners.get(0)?.({ type: 'status', status }, '3')
    }
    await clock.advance(100)
    assert.ok(sent.length - before < 20, `${sent.length - before} messages sent`)
    for (const { execution } of nodes) execution.add('0x01')
    await clock.advance(200)
    assert.equal(new Set(heights(nodes)).size, 1)
    assert.ok(
      nodes.every(({ disk }) => disk.blocks.at(-1)?.block.payload.transactions.length === 1),
    )
    await close(nodes)
  })
})
