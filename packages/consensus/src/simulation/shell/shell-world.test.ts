import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { planShell, shellScenarios } from './scenarios.ts'
import { simulateShell } from './shell-world.ts'

/** Few: the script runs thousands. */
const seeds = [1, 2]

describe('a network of whole engines', () => {
  for (const scenario of Object.keys(shellScenarios))
    it(`agrees, keeps what it stored, convicts nobody honest and goes on: ${scenario}`, async () => {
      for (const seed of seeds) {
        const { failure, heights } = await simulateShell({ seed, plan: planShell(scenario, seed) })
        assert.equal(failure, null, `npm run simulate -- --scenario ${scenario} --seed ${seed}`)
        assert.ok(heights > 0)
      }
    })

  it('does the same again for the same seed', async () => {
    const run = () => simulateShell({ seed: 5, plan: planShell('all-lies', 5) })
    assert.deepEqual(await run(), await run())
  })

  it('lets nodes begin at the end of an epoch, and validate from there', async () => {
    let begun = 0
    for (let seed = 1; seed <= 20 && begun < 2; seed++) {
      const result = await simulateShell({ seed, plan: planShell('join-from-snapshot', seed) })
      assert.equal(result.failure, null, `seed ${seed}`)
      begun += result.snapshots
    }
    assert.ok(begun >= 2)
  })

  it('slashes who contradicts itself while it proposes, whose blocks then end', async () => {
    let blocks = 0
    for (let seed = 1; seed <= 20 && blocks === 0; seed++) {
      const result = await simulateShell({ seed, plan: planShell('slashed-while-proposing', seed) })
      assert.equal(result.failure, null, `seed ${seed}`)
      blocks += result.blocksOfSlashed
    }
    assert.ok(blocks > 0)
  })

  it('splits when more than a third is dishonest, and then convicts at least as many', async () => {
    let forks = 0
    for (let seed = 1; seed <= 40 && forks === 0; seed++) {
      const plan = planShell('too-many-byzantine', seed)
      const { failure, forkAccused } = await simulateShell({ seed, plan })
      assert.equal(failure, null, `seed ${seed}`)
      if (forkAccused === null) continue
      forks += 1
      assert.ok(forkAccused >= 2)
    }
    assert.equal(forks, 1)
  })
})
