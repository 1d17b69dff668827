import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lockOnPolka, prevoteProven, type Rule, tendermintRules } from '../core/rules.ts'
import { roundOf } from '../core/state.ts'
import { attack } from './guided-adversary.ts'

const seeds = Array.from({ length: 5000 }, (_, index) => index + 1)

it('four validators agree under an adversary that owns the network and one of them', () => {
  for (const seed of seeds) assert.equal(attack(seed), null, `seed ${seed}`)
})

function replace(rule: Rule, wrong: Rule): Rule[] {
  return tendermintRules.map((each) => (each === rule ? wrong : each))
}

const mutants: Record<string, Rule[]> = {
  'that forgets its lock': replace(lockOnPolka, (state, emit) => {
    const fired = lockOnPolka(state, emit)
    state.lockedId = null
    state.lockedRound = -1
    return fired
  }),
  'that unlocks for a proof from before its lock': replace(prevoteProven, (state, emit) => {
    const { lockedRound } = state
    state.lockedRound = -1
    const fired = prevoteProven(state, emit)
    state.lockedRound = lockedRound
    return fired
  }),
  'that believes any proof of lock': replace(prevoteProven, (state, emit) => {
    const { proposal } = roundOf(state, state.round)
    if (proposal && proposal.validRound >= 0)
      roundOf(state, proposal.validRound).provenPolkas.set(proposal.id, proposal.proofOfLock)
    return prevoteProven(state, emit)
  }),
}

describe('the adversary catches a core', () => {
  for (const [name, rules] of Object.entries(mutants))
    it(name, () => {
      const caught = seeds.find((seed) => attack(seed, rules) !== null)
      assert.notEqual(caught, undefined)
    })
})
