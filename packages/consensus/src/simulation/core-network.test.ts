import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simulate } from './core-network.ts'

const seeds = Array.from({ length: 3000 }, (_, index) => index + 1)

describe('four validators on a bad network with crashes and an equivocating twin', () => {
  it('agree, never contradict themselves, and get there, whatever the seed', () => {
    let crashes = 0
    let rounds = 0
    for (const seed of seeds) {
      const result = simulate({ seed })
      assert.equal(result.failure, null, `seed ${seed}`)
      crashes += result.crashes
      rounds = Math.max(rounds, result.rounds)
    }
    assert.ok(crashes > 1000, 'the simulation does crash nodes')
    assert.ok(rounds > 2, 'the simulation does make rounds fail')
  })

  it('do the same again for the same seed', () => {
    assert.deepEqual(simulate({ seed: 7 }), simulate({ seed: 7 }))
  })
})
