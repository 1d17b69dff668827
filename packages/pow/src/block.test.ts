import assert from 'node:assert/strict'
import { it } from 'node:test'
import { decodeHeaderOf, decodePowBlock, encodePowBlock } from './block.ts'
import { createPowRules } from './rules.ts'
import { forge } from './simulation/forger.ts'
import { genesisLink } from './tree/link.ts'

const rules = createPowRules({
  chainId: 1n,
  executionGenesis: `0x${'11'.repeat(32)}`,
  genesisTimeMs: 1_800_000_000_000,
  equalTimestamps: true,
  targetBlockMs: 1000,
  halfLifeBlocks: 60,
  initialDifficulty: 10_000n,
  minimumDifficulty: 100n,
  blockRewardGwei: 5n,
  halvingBlocks: 0,
  safeDepth: 6,
  finalizedDepth: 60,
})

it('a header is read from a block of any size, and nothing else is', () => {
  const miner = `0x${'22'.repeat(20)}` as const
  const place = { parent: genesisLink(rules), rules, nowMs: 1_800_000_001_000, miner }
  const small = forge('none', place)
  for (const size of [0, 1, 300, 70_000, 20_000_000]) {
    const transactions = [`0x${'ab'.repeat(size)}` as const]
    const block = { ...small, payload: { ...small.payload, transactions } }
    const bytes = encodePowBlock(block)
    assert.deepEqual(decodeHeaderOf(bytes), decodeHeaderOf(encodePowBlock(small)))
    assert.equal(decodeHeaderOf(bytes.subarray(0, 400)).id, small.id)
    assert.equal(decodePowBlock(bytes).id, small.id)
  }
  const bytes = encodePowBlock(small)
  for (let end = 0; end < 150; end++) assert.throws(() => decodeHeaderOf(bytes.subarray(0, end)))
})
