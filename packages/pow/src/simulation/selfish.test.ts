import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findDisagreement } from './disagreement.ts'
import { findWrong } from './oracle.ts'
import { measureSelfishShare } from './selfish-share.ts'

describe('a selfish miner', () => {
  for (const [power, least, most] of [
    [0.25, 0.08, 0.32],
    [0.45, 0.46, 0.85],
  ] as const)
    it(`with ${power} of the work gets between ${least} and ${most} of the blocks, and the others agree`, async () => {
      const { share, honest, rules } = await measureSelfishShare(power, { seed: 5, minutes: 100 })
      assert.ok(share > least && share < most, `${share}`)
      assert.equal(findDisagreement(honest), null)
      for (const node of honest) assert.equal(findWrong(node.disk, rules), null)
    })
})
