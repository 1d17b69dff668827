import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lockOnPolka, type Rule, schedulePrecommitTimer, tendermintRules } from '../core/rules.ts'
import { type SimulationOptions, simulate } from './core-network.ts'

const seeds = Array.from({ length: 400 }, (_, index) => index + 1)

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
    assert.ok(crashes > 100, 'the simulation does crash nodes')
    assert.ok(rounds > 2, 'the simulation does make rounds fail')
  })

  it('do the same again for the same seed', () => {
    assert.deepEqual(simulate({ seed: 7 }), simulate({ seed: 7 }))
  })
})

/** Locks and forgets: the next round is free to take another block. */
const forgetLock: Rule = (state, emit) => {
  const fired = lockOnPolka(state, emit)
  state.lockedId = null
  state.lockedRound = -1
  return fired
}

const mutants: Record<string, Omit<SimulationOptions, 'seed'>> = {
  'that does not keep its lock': {
    rules: tendermintRules.map((rule) => (rule === lockOnPolka ? forgetLock : rule)),
  },
  'that never leaves a round without a decision': {
    rules: tendermintRules.filter((rule) => rule !== schedulePrecommitTimer),
  },
  'that speaks before its log is on the disk': { syncsLog: false },
  'that takes half of the power for a quorum': {
    quorumSet: (set) => ({ ...set, totalPower: 2n }),
  },
}

describe('the simulation catches a core', () => {
  for (const [name, wrong] of Object.entries(mutants))
    it(name, () => {
      const caught = seeds.find((seed) => simulate({ seed, ...wrong }).failure !== null)
      assert.notEqual(caught, undefined)
    })
})
