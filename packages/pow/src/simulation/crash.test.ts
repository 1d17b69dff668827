import assert from 'node:assert/strict'
import { it } from 'node:test'
import { CrashPoint } from './crash-point.ts'
import { findDisagreement } from './disagreement.ts'
import { findWrong } from './oracle.ts'
import { createPowNetwork, type PowDisk } from './pow-network.ts'

const settings = { targetBlockMs: 10_000, initialDifficulty: 10_000n }
const copy = (disk: PowDisk): PowDisk => structuredClone(disk)

/** A node with five blocks, and another with a heavier chain that it has never heard of. */
async function prepare(): Promise<{ light: PowDisk; heavy: PowDisk }> {
  const net = createPowNetwork(7, settings)
  net.network.partition((name) => (name === 'light' ? 0 : 1))
  const light = await net.openNode('light', { hashesPerSecond: 300 })
  const heavy = await net.openNode('heavy', { hashesPerSecond: 3000 })
  light.execution.add('0x01')
  await net.clock.advance(160_000)
  assert.ok(light.tree.head.height >= 2, `${light.tree.head.height} blocks`)
  assert.ok(heavy.tree.head.totalWork > light.tree.head.totalWork)
  light.crash()
  heavy.crash()
  return { light: light.disk, heavy: heavy.disk }
}

it('a node that dies at any durable call of a reorganization comes back to the heaviest chain', async () => {
  const prepared = await prepare()
  for (const afterwards of [false, true]) {
    let call = 1
    for (let happened = true; happened; call++) {
      const point = new CrashPoint(call, afterwards)
      const net = createPowNetwork(call, settings)
      await net.clock.advance(200_000)
      const heavy = await net.openNode('heavy', {
        hashesPerSecond: 1000,
        disk: copy(prepared.heavy),
      })
      const disk = copy(prepared.light)
      const opening = net.openNode('light', {
        hashesPerSecond: 300,
        disk,
        watch: (part) => point.watch(part),
      })
      const dead = await Promise.race([opening, net.clock.advance(20_000).then(() => null)])
      await net.clock.advance(40_000)
      happened = point.happened && call < 60
      dead?.crash()
      net.network.detach('light')
      const again = await net.openNode('light', { hashesPerSecond: 300, disk })
      await net.clock.advance(120_000)
      for (const { hasher } of [heavy, again]) {
        hasher.hashesPerSecond = 0
        hasher.stop()
      }
      await net.clock.advance(120_000)
      assert.equal(findDisagreement([heavy, again]), null, `call ${call}`)
      assert.equal(findWrong(again.disk, net.rules), null, `call ${call}`)
      const mined = [...Array(again.tree.head.height).keys()].flatMap(
        (index) => again.engine.blockAt(index + 1)?.payload.transactions ?? [],
      )
      const isKept = mined.includes('0x01') || disk.execution.pool.has('0x01')
      assert.ok(isKept, `the transaction of a removed block is lost at call ${call}`)
      heavy.crash()
      again.crash()
    }
    assert.ok(call > 25, `only ${call} calls`)
  }
})
