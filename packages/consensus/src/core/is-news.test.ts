import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createValidatorSet, type Validator } from '@quoin/headers'
import { isNews } from './is-news.ts'
import type { Proposal, Vote } from './messages.ts'
import { createCore } from './state.ts'
import { step } from './step.ts'

const [ann, bob] = [`0x${'a1'.repeat(20)}`, `0x${'b2'.repeat(20)}`] as const
const vote: Vote = {
  kind: 'prevote',
  height: 1,
  round: 0,
  id: '0xred',
  validRound: -1,
  validator: bob,
  signature: '0x01',
}
const proposal: Proposal = {
  kind: 'proposal',
  height: 1,
  round: 0,
  id: '0xred',
  validRound: -1,
  proposer: ann,
  signature: '0x02',
  proofOfLock: [],
}

function createStarted() {
  const members = [ann, bob].map(
    (address): Validator => ({
      address,
      power: address === ann ? 3n : 1n,
      blsPublicKey: `0x${'00'.repeat(48)}`,
    }),
  )
  const core = createCore({
    height: 1,
    validators: createValidatorSet(members),
    self: bob,
    proposerOf: () => ann,
  })
  step(core, { type: 'start' })
  const isNewVote = (change: Partial<Vote>) =>
    isNews(core, { type: 'vote', vote: { ...vote, ...change } })
  const isNewProposal = (change: Partial<Proposal>) =>
    isNews(core, { type: 'proposal', proposal: { ...proposal, ...change } })
  return { core, isNewVote, isNewProposal }
}

describe('news is', () => {
  it('a vote the first time, and its first contradiction', () => {
    const { core, isNewVote } = createStarted()
    assert.ok(isNewVote({}))
    step(core, { type: 'vote', vote })
    assert.ok(!isNewVote({ signature: '0x99' }))
    assert.ok(isNewVote({ id: '0xblue' }))
    step(core, { type: 'vote', vote: { ...vote, id: '0xblue' } })
    assert.ok(!isNewVote({ id: '0xgreen' }), 'it is already accused')
    assert.ok(isNewVote({ kind: 'precommit' }))
  })

  it('a proposal the first time, in turn, and its first contradiction', () => {
    const { core, isNewProposal } = createStarted()
    assert.ok(isNewProposal({}))
    assert.ok(!isNewProposal({ proposer: bob }))
    assert.ok(!isNewProposal({ validRound: 0 }))
    step(core, { type: 'proposal', proposal, valid: true })
    assert.ok(!isNewProposal({}))
    const second = { ...proposal, id: '0xblue' } as const
    assert.ok(isNewProposal(second))
    const [effect] = step(core, { type: 'proposal', proposal: second, valid: false })
    assert.equal(effect?.type, 'evidence')
    assert.ok(!isNewProposal({ id: '0xgreen' }))
  })

  it('of a far round only that a validator is far ahead, not each of its rounds', () => {
    const { core, isNewVote } = createStarted()
    assert.ok(isNewVote({ round: 50 }))
    step(core, { type: 'vote', vote: { ...vote, round: 50 } })
    for (const round of [49, 50, 51, 4_000_000_000]) assert.ok(!isNewVote({ round }))
    core.round = 40
    assert.ok(isNewVote({ round: 51 }), 'we have come nearer')
    assert.ok(isNewVote({ round: 70 }), 'and it is far again')
  })
})
