import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { createPublicClient, http } from 'viem'
import { createGenesis, openChain, validatorOf } from '../index.ts'
import { TestNetwork } from '../test-support/test-network.ts'

const validatorKey = new Uint8Array(32).fill(1)
const genesis = createGenesis({
  chainId: 31_419,
  timestamp: Math.floor(Date.now() / 1000) - 60,
  alloc: {},
  validators: [validatorOf(validatorKey)],
  blockTimeMs: 2,
  heartbeatMs: 2,
})
const rpc = { host: '127.0.0.1', port: 0 }

it('a node that keeps 256 blocks forgets older ones, and starts again from what it kept', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-pruning-'))
  try {
    const open = () => openChain({ dataDir, genesis, validatorKey, rpc, keepBlocks: 256 })
    {
      await using chain = await open()
      assert.ok(chain.engine === 'bft')
      const { blocks, consensus } = chain
      await new Promise<void>((resolve) => {
        consensus.onDecided(({ block }) => block.header.height % 8 === 0 && isPruned())
        const isPruned = () =>
          void blocks.byHeight(3).then((decided) => decided === null && resolve())
      })
      assert.ok(blocks.height > 256)
      const reader = createPublicClient({ transport: http(chain.rpcUrl) })
      await assert.rejects(reader.getBlock({ blockNumber: 3n }), /pruned history unavailable/)
      assert.ok(await reader.getBlock({ blockNumber: BigInt(blocks.height) - 100n }))
    }
    await using again = await open()
    assert.ok(again.engine === 'bft' && again.blocks.height > 256)
    assert.equal(await again.blocks.byHeight(3), null)
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

it('a new node begins at a snapshot of a node that has pruned', { timeout: 400_000 }, async () => {
  const keepBlocks = 256
  await using network = await TestNetwork.open(genesis, [validatorKey], () => ({ keepBlocks }))
  const [first] = network.nodes
  assert.ok(first?.engine === 'bft')
  const { blocks } = first
  const isPruned = async () => blocks.height > 3 && (await blocks.byHeight(3)) === null
  await network.until('pruning', isPruned, 240_000)
  const late = await network.join(null, { sync: {} })
  assert.ok(late.engine === 'bft')
  const began = late.blocks.height
  assert.ok(began >= 256, `began at ${began}`)
  await network.until('blocks', () => late.blocks.height > began + 3)
})

it('a node that would keep too few blocks does not start', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'quoin-pruning-'))
  try {
    await assert.rejects(openChain({ dataDir, genesis, validatorKey, rpc, keepBlocks: 10 }), {
      code: 'INVALID_OPTIONS',
    })
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})
