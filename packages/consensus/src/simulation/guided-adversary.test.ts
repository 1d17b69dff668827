import assert from 'node:assert/strict'
import { it } from 'node:test'
import { attack } from './guided-adversary.ts'

const seeds = Array.from({ length: 5000 }, (_, index) => index + 1)

it('four validators agree under an adversary that owns the network and one of them', () => {
  for (const seed of seeds) assert.equal(attack(seed), null, `seed ${seed}`)
})
