import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { silentLogger } from '@quoin/kernel'
import type { DecidedBlock } from '../codec/decided.ts'
import { createShellNetwork } from '../simulation/shell-network.ts'
import { createVirtualClock } from '../simulation/virtual-clock.ts'
import { BlockSync } from './block-sync.ts'
import { type BlockRange, createLoopbackTransport } from './transport.ts'

type Answer = (range: BlockRange) => Promise<DecidedBlock[]>

async function makeBlocks(count: number): Promise<DecidedBlock[]> {
  const { clock, openNode } = createShellNetwork(1, { blockTimeMs: 10, heartbeatMs: 10 })
  const node = await openNode(0)
  while (node.disk.blocks.length < count) await clock.advance(50)
  await node.crash()
  return node.disk.blocks.slice(0, count)
}

function openSync(answers: Record<string, Answer>, clock = createVirtualClock(1000)) {
  const abort = new AbortController()
  const taken: number[] = []
  const asked: string[] = []
  const reports: string[] = []
  const state = { height: 1 }
  const sync = new BlockSync({
    transport: {
      ...createLoopbackTransport(),
      peers: () => Object.keys(answers),
      report: (peer, offence) => void reports.push(`${peer} ${offence}`),
      requestBlocks(peer, range) {
        asked.push(`${peer} ${range.from}+${range.count}`)
        return answers[peer]?.(range) ?? Promise.resolve([])
      },
    },
    clock,
    logger: silentLogger,
    signal: abort.signal,
    height: () => state.height,
    deliver(_peer, blocks) {
      for (const { block } of blocks) {
        taken.push(block.header.height)
        state.height = block.header.height + 1
      }
      sync.advanced()
    },
  })
  return { sync, clock, abort, taken, asked, reports }
}

const never: Answer = () => new Promise(() => {})

describe('fetching blocks', () => {
  let made: DecidedBlock[]
  before(async () => {
    made = await makeBlocks(150)
  })
  const honest: Answer = async ({ from, count }) => made.slice(from - 1, from - 1 + count)

  it('takes as many requests as it needs, in order', async () => {
    const { sync, clock, taken, asked } = openSync({ a: honest })
    sync.hear('a', 151)
    await clock.advance(1)
    assert.deepEqual(
      taken,
      [...Array(150).keys()].map((index) => index + 1),
    )
    assert.deepEqual(asked, ['a 1+64', 'a 65+64', 'a 129+22'])
  })

  it('comes to an honest peer past any number of those that promise more and are silent', async () => {
    const { sync, clock, abort, taken } = openSync({ a: never, b: never, c: never, d: honest })
    for (let round = 0; round < 60; round++) {
      for (const liar of ['a', 'b', 'c']) sync.hear(liar, 1_000_000)
      sync.hear('d', 151)
      await clock.advance(1000)
    }
    assert.equal(taken.length, 150)
    abort.abort()
  })

  it('reports who gives nothing, or other blocks than it was asked for', async () => {
    const wrong: Answer = async ({ from }) => made.slice(from, from + 2)
    const { sync, clock, reports, taken } = openSync({ a: async () => [], b: wrong, c: honest })
    for (const peer of ['a', 'b', 'c']) sync.hear(peer, 20)
    await clock.advance(10)
    assert.deepEqual(reports, ['a useless', 'b invalid'])
    assert.equal(taken.length, 19)
  })

  it('drops what was under way when the batch before was refused, and begins anew', async () => {
    const slow = Promise.withResolvers<void>()
    let isFirst = true
    const a: Answer = async (range) => {
      if (isFirst) await slow.promise
      isFirst = false
      return honest(range)
    }
    const { sync, clock, taken, asked } = openSync({ a, b: honest })
    sync.hear('a', 151)
    await clock.advance(1)
    sync.refused('a')
    sync.restart()
    sync.hear('b', 11)
    slow.resolve()
    await clock.advance(1)
    assert.deepEqual(asked, ['a 1+64', 'b 1+10'])
    assert.deepEqual(taken, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('leaves a peer that keeps its word as slowly as it can, whatever it promises', async () => {
    const clock = createVirtualClock(1000)
    const drips: Answer = async ({ from }) => {
      await new Promise<void>((resolve) => clock.after(9900, resolve))
      return honest({ from, count: 1 })
    }
    const { sync, taken } = openSync({ a: drips, b: honest }, clock)
    for (let second = 0; second < 60; second++) {
      sync.hear('a', 1_000_000)
      sync.hear('b', 151)
      await clock.advance(1000)
    }
    assert.equal(taken.length, 150)
  })

  it('is not fooled by a peer that fails and connects anew', async () => {
    const { sync, clock, abort, asked } = openSync({ a: never, b: async () => [] })
    for (let second = 0; second < 60; second++) {
      sync.forget('a')
      sync.hear('a', 151)
      await clock.advance(1000)
    }
    assert.ok(asked.length <= 4, `${asked}`)
    abort.abort()
  })

  it('asks a peer behind a slow link for less at once', async () => {
    const clock = createVirtualClock(1000)
    const slow: Answer = async (range) => {
      await new Promise<void>((resolve) => clock.after(500 * range.count, resolve))
      return honest(range)
    }
    const { sync, taken, abort } = openSync({ a: slow }, clock)
    for (let second = 0; second < 200; second++) {
      sync.hear('a', 151)
      await clock.advance(1000)
    }
    assert.ok(taken.length > 100, `${taken.length}`)
    abort.abort()
  })
})
