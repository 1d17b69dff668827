import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { BlockHeader } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import type { ConsensusBlock } from '../block.ts'
import { createShellNetwork } from '../simulation/shell-network.ts'
import { type ChainRules, decidedToParent, type Parent } from './chain-rules.ts'
import { checkBlock } from './check-block.ts'

const other: Hex = `0x${'ee'.repeat(32)}`

describe('a block is refused', () => {
  let good: ConsensusBlock
  let context: { parent: Parent; rules: ChainRules; nowMs: number }
  before(async () => {
    const { clock, openNode, rules } = createShellNetwork(1, { blockTimeMs: 10, heartbeatMs: 10 })
    const node = await openNode(0)
    await clock.advance(50)
    await node.crash()
    const [first, second] = node.disk.blocks
    assert.ok(first && second)
    good = second.block
    context = { parent: decidedToParent(first), rules, nowMs: clock.now() }
    checkBlock(good, context)
  })

  const headers: Record<string, (header: BlockHeader) => Partial<BlockHeader>> = {
    'of another chain': () => ({ chainId: 1n }),
    'of another height': ({ height }) => ({ height: height + 1 }),
    'on another parent': () => ({ parentId: other }),
    'not later than its parent': () => ({ timeMs: context.parent.timeMs }),
    'from the future': () => ({ timeMs: context.nowMs + 5000 }),
    'by other validators': () => ({ validatorsHash: other }),
    'for other next validators': () => ({ nextValidatorsHash: other }),
    'by a stranger': () => ({ proposer: `0x${'ee'.repeat(20)}` }),
    'with another payload': () => ({ payloadHash: other }),
    'with another body': () => ({ bodyHash: other }),
    'that names someone absent': () => ({ absent: [`0x${'ee'.repeat(20)}`] }),
    'with another certificate': () => ({ lastCommitHash: other }),
    'with the randomness of another height': () => ({
      randaoReveal: context.parent.decided?.block.header.randaoReveal ?? '0x',
    }),
  }
  for (const [name, change] of Object.entries(headers))
    it(name, () => {
      const block = { ...good, header: { ...good.header, ...change(good.header) } }
      assert.throws(() => checkBlock(block, context), { code: 'INVALID_BLOCK' })
    })

  it('whose payload is not of this moment and place', () => {
    const changes = [
      { timestamp: '0x1' },
      { parentHash: other },
      { blockNumber: '0x63' },
      { prevRandao: other },
    ] as const
    for (const change of changes) {
      const block = { ...good, payload: { ...good.payload, ...change } }
      assert.throws(
        () => checkBlock(block, context),
        { code: 'INVALID_BLOCK' },
        Object.keys(change)[0],
      )
    }
  })

  it('without the certificate of its parent', () => {
    assert.throws(() => checkBlock({ ...good, lastCommit: null }, context), {
      code: 'INVALID_BLOCK',
    })
  })
})
