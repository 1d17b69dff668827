import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createShellNetwork } from '../simulation/shell-network.ts'
import { type DecidedBlock, openBlockStore } from './block-store.ts'

describe('a block store', () => {
  let folder: string
  let decided: DecidedBlock[]
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quoin-store-'))
    const { clock, openNode } = createShellNetwork(1, { blockTimeMs: 10, heartbeatMs: 10 })
    const node = await openNode(0)
    await clock.advance(100)
    await node.crash()
    decided = node.disk.blocks
    assert.ok(decided.length > 5)
  })
  after(() => rm(folder, { recursive: true }))

  it('gives back what was decided, by height and id, after it was closed', async () => {
    const path = join(folder, 'a')
    {
      await using store = await openBlockStore(path)
      assert.equal(store.height, 0)
      for (const block of decided) await store.append(block)
    }
    await using store = await openBlockStore(path)
    assert.equal(store.height, decided.length)
    for (const [index, block] of decided.entries()) {
      assert.deepEqual(await store.byHeight(index + 1), block)
      assert.deepEqual(await store.byId(block.id), block)
    }
    assert.equal(await store.byHeight(decided.length + 1), null)
  })

  it('has no gaps and no second block of a height', async () => {
    await using store = await openBlockStore(join(folder, 'b'))
    const [first, second, third] = decided
    assert.ok(first && second && third)
    await assert.rejects(store.append(second), { code: 'STORE_GAP' })
    await store.append(first)
    await assert.rejects(store.append(first), { code: 'STORE_GAP' })
    await assert.rejects(store.append(third), { code: 'STORE_GAP' })
  })

  it('may begin anywhere, as after a snapshot, and forget its oldest blocks', async () => {
    const path = join(folder, 'd')
    const [, , third, fourth, fifth] = decided
    assert.ok(third && fourth && fifth)
    {
      await using store = await openBlockStore(path)
      await store.begin(third)
      await assert.rejects(store.begin(fourth), { code: 'STORE_GAP' })
      await store.append(fourth)
      await store.append(fifth)
      assert.deepEqual([store.lowest, store.height], [3, 5])
      await store.prune(4)
    }
    await using store = await openBlockStore(path)
    assert.deepEqual([store.lowest, store.height], [4, 5])
    assert.equal(await store.byHeight(3), null)
    assert.equal(await store.byId(third.id), null)
    await store.prune(99)
    assert.deepEqual([store.lowest, store.height], [5, 5], 'never the last one')
    assert.deepEqual(await store.byHeight(5), fifth)
  })

  it('belongs to one opener', async () => {
    const path = join(folder, 'c')
    await using _store = await openBlockStore(path)
    await assert.rejects(openBlockStore(path), { code: 'STORE_LOCKED' })
  })
})
