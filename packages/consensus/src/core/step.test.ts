import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import { isNews } from './is-news.ts'
import type { Ballot, Effect, Input, Proposal, TimedStep, Vote } from './messages.ts'
import { type CoreState, createCore } from './state.ts'
import { step } from './step.ts'

const [ann, bob, cid, dan] = ['a1', 'b2', 'c3', 'd4'].map(
  (digits): Hex => `0x${digits.repeat(20)}`,
) as [Hex, Hex, Hex, Hex]
const everyone = [ann, bob, cid, dan]
const blsPublicKey: Hex = `0x${'00'.repeat(48)}`
const [red, blue] = ['0xred', '0xblue'] as const

/** A core of four equal validators; ann proposes in round 0, bob in 1 and so on. */
function createTestCore(self: Hex | null = ann, powers = [1n, 1n, 1n, 1n]): CoreState {
  const members = everyone.map((address, index) => ({
    address,
    power: powers[index] ?? 1n,
    blsPublicKey,
  }))
  const proposerOf = (round: number) => everyone[round % 4] ?? ann
  return createCore({ height: 1, validators: createValidatorSet(members), self, proposerOf })
}

function feed(core: CoreState, ...inputs: Input[]): Effect[] {
  return inputs.flatMap((input) => step(core, input))
}

function vote(
  kind: Ballot['kind'],
  validator: Hex,
  round: number,
  id: Hex | null,
  validRound = -1,
): Vote {
  return { kind, height: 1, round, id, validRound, validator, signature: '0x' }
}

function votes(kind: Ballot['kind'], by: Hex[], round: number, id: Hex | null, validRound = -1) {
  return by.map(
    (validator): Input => ({ type: 'vote', vote: vote(kind, validator, round, id, validRound) }),
  )
}

function proposal(
  round: number,
  id: Hex,
  { validRound = -1, proofOfLock = [] as Vote[], valid = true } = {},
): Input {
  const content: Proposal = {
    kind: 'proposal',
    height: 1,
    round,
    id,
    validRound,
    proposer: everyone[round % 4] ?? ann,
    signature: '0x',
    proofOfLock,
  }
  return { type: 'proposal', proposal: content, valid }
}

function timeout(round: number, of: TimedStep): Input {
  return { type: 'timeout', timer: { height: 1, round, step: of } }
}

function ballots(effects: Effect[]) {
  return effects.flatMap((effect) =>
    effect.type === 'vote'
      ? [`${effect.ballot.kind} ${effect.ballot.id ?? 'nil'} ${effect.ballot.validRound}`]
      : [],
  )
}

function typesOf(effects: Effect[]) {
  return effects.map((effect) =>
    effect.type === 'schedule' ? `${effect.timer.step}-timer ${effect.timer.round}` : effect.type,
  )
}

/** Dan, locked on red in round 0. */
function lockedOnRed(): CoreState {
  const core = createTestCore(dan)
  feed(core, { type: 'start' }, proposal(0, red), ...votes('prevote', [ann, bob, dan], 0, red))
  assert.deepEqual([core.lockedId, core.lockedRound], [red, 0])
  return core
}

function enterRound(core: CoreState, round: number): Effect[] {
  return feed(
    core,
    ...votes('precommit', [ann, bob, cid], round - 1, null),
    timeout(round - 1, 'precommit'),
  )
}

describe('one height of Tendermint', () => {
  it('asks its proposer for a block, and proposes it', () => {
    const core = createTestCore(ann)
    assert.deepEqual(typesOf(feed(core, { type: 'start' })), ['propose-timer 0', 'requestValue'])
    const [proposed] = feed(core, { type: 'value', round: 0, id: red })
    assert.equal(proposed?.type === 'propose' && proposed.body.id, red)
    assert.deepEqual(feed(core, { type: 'value', round: 0, id: blue }), [])
  })

  it('decides with three of four in the happy path', () => {
    const core = createTestCore(bob)
    assert.deepEqual(typesOf(feed(core, { type: 'start' })), ['propose-timer 0'])
    assert.deepEqual(ballots(feed(core, proposal(0, red))), [`prevote ${red} -1`])
    const afterPolka = feed(core, ...votes('prevote', [ann, bob, cid], 0, red))
    assert.deepEqual(ballots(afterPolka), [`precommit ${red} -1`])
    assert.deepEqual(feed(core, ...votes('precommit', [ann, bob], 0, red)), [])
    const effects = feed(core, ...votes('precommit', [cid], 0, red))
    const decide = effects.find((effect) => effect.type === 'decide')
    assert.equal(decide?.commit.id, red)
    assert.equal(decide?.commit.precommits.length, 3)
    assert.deepEqual(feed(core, ...votes('precommit', [dan], 0, red)), [], 'nothing after deciding')
  })

  it('is decided by a single validator alone', () => {
    const members = [{ address: ann, power: 7n, blsPublicKey }]
    const core = createCore({
      height: 1,
      validators: createValidatorSet(members),
      self: ann,
      proposerOf: () => ann,
    })
    const started = feed(core, { type: 'start' })
    assert.deepEqual(typesOf(started), ['requestValue'], 'it need not hurry')
    feed(core, { type: 'value', round: 0, id: red })
    feed(core, proposal(0, red), ...votes('prevote', [ann], 0, red))
    const effects = feed(core, ...votes('precommit', [ann], 0, red))
    assert.deepEqual(typesOf(effects), ['decide'])
  })

  it('counts power, not heads: two thirds exactly are no quorum', () => {
    const core = createTestCore(dan, [4n, 1n, 2n, 2n])
    feed(core, { type: 'start' }, proposal(0, red))
    assert.deepEqual(ballots(feed(core, ...votes('prevote', [ann, cid], 0, red))), [])
    assert.deepEqual(ballots(feed(core, ...votes('prevote', [bob], 0, red))), [
      `precommit ${red} -1`,
    ])
  })

  it('prevotes nil for an invalid block and precommits nil on a nil quorum', () => {
    const core = createTestCore(bob)
    const first = feed(core, { type: 'start' }, proposal(0, red, { valid: false }))
    assert.deepEqual(ballots(first), ['prevote nil -1'])
    assert.deepEqual(ballots(feed(core, ...votes('prevote', [ann, cid, dan], 0, null))), [
      'precommit nil -1',
    ])
    assert.equal(core.lockedRound, -1)
  })

  it('goes through a silent round by its timers', () => {
    const core = createTestCore(cid)
    feed(core, { type: 'start' })
    assert.deepEqual(ballots(feed(core, timeout(0, 'propose'))), ['prevote nil -1'])
    const split = feed(
      core,
      ...votes('prevote', [ann], 0, red),
      ...votes('prevote', [cid, dan], 0, null),
    )
    assert.deepEqual(typesOf(split), ['prevote-timer 0'])
    assert.deepEqual(ballots(feed(core, timeout(0, 'prevote'))), ['precommit nil -1'])
    const undecided = feed(
      core,
      ...votes('precommit', [ann], 0, red),
      ...votes('precommit', [cid, dan], 0, null),
    )
    assert.deepEqual(typesOf(undecided), ['precommit-timer 0'])
    assert.deepEqual(typesOf(feed(core, timeout(0, 'precommit'))), ['propose-timer 1'])
    assert.equal(core.round, 1)
    assert.deepEqual(feed(core, timeout(0, 'precommit'), timeout(0, 'propose')), [], 'stale timers')
  })
})

describe('one height of Tendermint, in a hurry', () => {
  it('leaves a round at once when a quorum says that it decides nothing', () => {
    const core = createTestCore(cid)
    feed(core, { type: 'start' }, timeout(0, 'propose'))
    const effects = feed(core, ...votes('precommit', [ann, bob, dan], 0, null))
    assert.deepEqual(typesOf(effects), ['propose-timer 1'])
  })

  it('goes on without its own proposal when that takes too long', () => {
    const core = createTestCore(ann)
    feed(core, { type: 'start' })
    assert.deepEqual(ballots(feed(core, timeout(0, 'propose'))), ['prevote nil -1'])
    assert.deepEqual(feed(core, { type: 'value', round: 0, id: red }), [], 'too late')
  })
})

describe('locks', () => {
  it('hold against a fresh proposal', () => {
    const core = lockedOnRed()
    enterRound(core, 1)
    assert.deepEqual(ballots(feed(core, proposal(1, blue))), ['prevote nil -1'])
  })

  it('counts also when it comes after the proposal, which somebody passed on without it', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' }, timeout(0, 'propose'), timeout(0, 'prevote'))
    feed(core, timeout(0, 'precommit'))
    const proofOfLock = [ann, bob, cid].map((by) => vote('prevote', by, 0, red))
    assert.deepEqual(ballots(feed(core, proposal(1, red, { validRound: 0 }))), [])
    const whole = proposal(1, red, { validRound: 0, proofOfLock })
    assert.ok(whole.type === 'proposal' && isNews(core, whole))
    assert.deepEqual(ballots(feed(core, whole)), ['prevote 0xred 0'])
    assert.ok(!isNews(core, whole), 'once')
  })

  it('come back with our own precommit, when all else of them is lost', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'vote', vote: vote('precommit', dan, 0, red) }, { type: 'start' })
    feed(core, timeout(0, 'propose'), timeout(0, 'prevote'), timeout(0, 'precommit'))
    assert.deepEqual(ballots(feed(core, proposal(1, blue))), ['prevote nil -1'])
  })

  it('hold against the locked block itself, unless its polka comes with it', () => {
    const core = lockedOnRed()
    enterRound(core, 1)
    assert.deepEqual(ballots(feed(core, proposal(1, red))), ['prevote nil -1'])
    enterRound(core, 2)
    const proofOfLock = [ann, bob, dan].map((by) => vote('prevote', by, 0, red))
    const proven = proposal(2, red, { validRound: 0, proofOfLock })
    assert.deepEqual(ballots(feed(core, proven)), [`prevote ${red} 0`])
  })

  it('give way to a proof of lock from the same or a later round', () => {
    const core = lockedOnRed()
    enterRound(core, 1)
    enterRound(core, 2)
    const proofOfLock = [ann, bob, cid].map((by) => vote('prevote', by, 1, blue))
    assert.deepEqual(ballots(feed(core, proposal(2, blue, { validRound: 1, proofOfLock }))), [
      `prevote ${blue} 1`,
    ])
  })

  it('hold against a proof of lock from before the lock', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' })
    enterRound(core, 1)
    feed(core, proposal(1, red), ...votes('prevote', [ann, bob, dan], 1, red))
    assert.equal(core.lockedRound, 1)
    enterRound(core, 2)
    const proofOfLock = [ann, bob, cid].map((by) => vote('prevote', by, 0, blue))
    assert.deepEqual(ballots(feed(core, proposal(2, blue, { validRound: 0, proofOfLock }))), [
      'prevote nil -1',
    ])
  })

  it('wait, unmoved, for a proof of lock that is missing or too small', () => {
    const core = lockedOnRed()
    enterRound(core, 1)
    enterRound(core, 2)
    const proofOfLock = [ann, ann, bob].map((by) => vote('prevote', by, 1, blue))
    assert.deepEqual(ballots(feed(core, proposal(2, blue, { validRound: 1, proofOfLock }))), [])
    assert.deepEqual(ballots(feed(core, ...votes('prevote', [ann, bob, cid], 1, blue))), [
      `prevote ${blue} 1`,
    ])
  })

  it('accept a proof of lock that holds an equivocator whose other vote is already here', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' }, ...votes('prevote', [ann], 0, null))
    enterRound(core, 1)
    const proofOfLock = [ann, bob, cid].map((by) => vote('prevote', by, 0, red))
    const effects = feed(core, proposal(1, red, { validRound: 0, proofOfLock }))
    assert.deepEqual(ballots(effects), [`prevote ${red} 0`])
    const evidence = effects.find((effect) => effect.type === 'evidence')
    assert.equal(evidence?.evidence.kind, 'duplicate-vote')
  })

  it('do not follow from prevotes that answer different proofs', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' })
    enterRound(core, 1)
    enterRound(core, 2)
    const proofOfLock = [ann, bob, cid].map((by) => vote('prevote', by, 0, red))
    feed(core, proposal(2, red, { validRound: 0, proofOfLock }))
    feed(core, ...votes('prevote', [ann, dan], 2, red, 0), ...votes('prevote', [bob], 2, red, 1))
    assert.equal(core.lockedRound, -1)
    feed(core, ...votes('prevote', [cid], 2, red, 0))
    assert.equal(core.lockedRound, 2)
  })

  it('make a later polka valid without locking when the precommit is already cast', () => {
    const core = createTestCore(bob)
    feed(core, { type: 'start' }, proposal(0, red), timeout(0, 'propose'))
    feed(core, ...votes('prevote', [ann, bob], 0, red), ...votes('prevote', [cid], 0, null))
    assert.deepEqual(ballots(feed(core, timeout(0, 'prevote'))), ['precommit nil -1'])
    feed(core, ...votes('prevote', [dan], 0, red))
    assert.deepEqual([core.validId, core.validRound, core.lockedRound], [red, 0, -1])
    const effects = enterRound(core, 1)
    const proposed = effects.find((effect) => effect.type === 'propose')
    assert.equal(proposed?.body.id, red, 'the valid block is proposed again')
    assert.equal(proposed?.body.validRound, 0)
    assert.equal(proposed?.proofOfLock.length, 3, 'with the prevotes that prove it')
  })
})

describe('a polka that comes to light late', () => {
  it('is proposed again with its proof, though it binds nobody now', () => {
    const core = createTestCore(bob)
    feed(core, { type: 'start' }, timeout(0, 'propose'))
    enterRound(core, 1)
    feed(core, proposal(0, red), ...votes('prevote', [ann, cid, dan], 0, red))
    assert.deepEqual([core.validId, core.validRound, core.lockedRound], [red, 0, -1])
    const [proposed] = feed(core, { type: 'value', round: 1, id: blue })
    assert.equal(proposed?.type === 'propose' && proposed.body.id, red)
    assert.equal(proposed?.type === 'propose' && proposed.proofOfLock.length, 3)
  })

  it('is known from the proof in a proposal, though an equivocator told us something else', () => {
    const core = createTestCore(cid)
    feed(core, { type: 'start' }, ...votes('prevote', [ann], 0, null))
    enterRound(core, 1)
    const proofOfLock = [ann, bob, dan].map((by) => vote('prevote', by, 0, red))
    feed(core, proposal(1, red, { validRound: 0, proofOfLock }))
    assert.deepEqual([core.validId, core.validRound], [red, 0])
    const proposed = enterRound(core, 2).find((effect) => effect.type === 'propose')
    assert.equal(proposed?.proofOfLock.length, 3, 'proves it to those who have not seen it')
  })

  it('is nothing when it is older than what we have, or its block is invalid', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' })
    enterRound(core, 1)
    enterRound(core, 2)
    feed(core, proposal(1, red), ...votes('prevote', [ann, bob, cid], 1, red))
    feed(core, proposal(0, blue), ...votes('prevote', [ann, bob, cid], 0, blue))
    assert.deepEqual([core.validId, core.validRound], [red, 1])
    const other = createTestCore(dan)
    feed(other, { type: 'start' })
    enterRound(other, 1)
    feed(other, proposal(0, red, { valid: false }), ...votes('prevote', [ann, bob, cid], 0, red))
    assert.equal(other.validId, null)
  })
})

describe('laggards and floods', () => {
  it('decide in a round that is over, when the precommits arrive late', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' })
    enterRound(core, 1)
    feed(core, proposal(0, red))
    assert.equal(core.step, 'propose')
    const late = createTestCore(dan)
    feed(late, { type: 'start' }, ...votes('precommit', [ann], 0, null), timeout(0, 'propose'))
    feed(late, ...votes('prevote', [ann, bob], 1, null))
    assert.equal(late.round, 1)
    const effects = feed(late, proposal(0, red), ...votes('precommit', [bob, cid, dan], 0, red))
    const decide = effects.find((effect) => effect.type === 'decide')
    assert.equal(decide?.commit.round, 0)
  })

  it('skip to a round where more than a third already are', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' })
    feed(core, ...votes('prevote', [ann], 7, null))
    assert.equal(core.round, 0)
    feed(core, ...votes('precommit', [bob], 5, null))
    assert.equal(core.round, 5, 'both are at round 5 or later')
  })

  it('find their way to a round that is very far ahead', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' })
    feed(core, ...votes('prevote', [ann, bob], 1_000_000, null))
    assert.equal(core.round, 1_000_000)
  })

  it('keep nothing of a single validator that speaks of far rounds', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' })
    for (let round = 30; round < 1000; round++) feed(core, ...votes('prevote', [ann], round, red))
    assert.ok(core.rounds.size < 5)
  })

  it('decide on a whole certificate, and not on a short or doubled one', () => {
    const core = createTestCore(dan)
    const commit = (by: Hex[]): Input => ({
      type: 'commit',
      commit: {
        height: 1,
        round: 3,
        id: red,
        precommits: by.map((validator) => vote('precommit', validator, 3, red)),
      },
    })
    assert.deepEqual(feed(core, commit([ann, bob]), commit([ann, bob, bob])), [])
    assert.deepEqual(typesOf(feed(core, commit([ann, bob, cid]))), ['decide'])
  })

  it('ignore strangers, other heights and proposals out of turn', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' })
    const stranger = vote('prevote', '0xstranger', 0, red)
    const elsewhere = { ...vote('prevote', ann, 0, red), height: 2 }
    feed(core, { type: 'vote', vote: stranger }, { type: 'vote', vote: elsewhere })
    assert.equal(core.rounds.get(0)?.prevotes.votes.size ?? 0, 0)
    const outOfTurn = proposal(0, red)
    if (outOfTurn.type === 'proposal') outOfTurn.proposal.proposer = bob
    assert.deepEqual(feed(core, outOfTurn), [])
  })
})

describe('evidence', () => {
  it('names two different votes, and not the same one signed twice', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' }, ...votes('prevote', [ann], 0, red))
    const again = { ...vote('prevote', ann, 0, red), signature: '0xother' } as const
    assert.deepEqual(feed(core, { type: 'vote', vote: again }), [])
    const [effect] = feed(core, ...votes('prevote', [ann], 0, blue))
    assert.equal(effect?.type === 'evidence' && effect.evidence.kind, 'duplicate-vote')
    assert.equal(core.rounds.get(0)?.prevotes.power, 1n, 'the second one does not count')
  })

  it('names two different proposals', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' }, proposal(0, red))
    const [effect] = feed(core, proposal(0, blue))
    assert.equal(effect?.type === 'evidence' && effect.evidence.kind, 'duplicate-proposal')
    assert.equal(core.rounds.get(0)?.proposal?.id, red)
  })

  const kindsOf = (effects: Effect[]) =>
    effects.flatMap((effect) => (effect.type === 'evidence' ? [effect.evidence.kind] : []))

  it('names a prevote against a lock, in whichever order the two come, and once', () => {
    const precommit = votes('precommit', [ann], 1, red)
    const prevote = votes('prevote', [ann], 3, blue, 0)
    for (const inputs of [
      [...precommit, ...prevote],
      [...prevote, ...precommit],
    ]) {
      const core = createTestCore(dan)
      const effects = feed(core, { type: 'start' }, ...inputs, ...votes('prevote', [ann], 4, blue))
      assert.deepEqual(kindsOf(effects), ['amnesia'])
    }
  })

  it('accuses nobody who follows a proof of lock, votes nil, or prevoted before the lock', () => {
    const core = createTestCore(dan)
    const effects = feed(
      core,
      { type: 'start' },
      ...votes('precommit', [ann], 1, red),
      ...votes('prevote', [ann], 0, blue),
      ...votes('prevote', [ann], 2, null),
      ...votes('prevote', [ann], 3, blue, 2),
      ...votes('prevote', [ann], 4, red, 1),
      ...votes('precommit', [bob], 1, null),
      ...votes('prevote', [bob], 2, blue),
    )
    assert.deepEqual(kindsOf(effects), [])
  })

  it('is still found after the decision, when late votes are counted for the certificate', () => {
    const core = createTestCore(dan)
    feed(core, { type: 'start' }, proposal(0, red), ...votes('prevote', [ann, bob, cid], 0, red))
    feed(core, ...votes('precommit', [ann, bob, cid], 0, red))
    assert.equal(core.step, 'decided')
    assert.deepEqual(kindsOf(feed(core, ...votes('prevote', [ann], 1, blue))), ['amnesia'])
    assert.deepEqual(kindsOf(feed(core, ...votes('prevote', [bob], 0, blue))), ['duplicate-vote'])
    feed(core, ...votes('precommit', [dan], 0, red))
    assert.equal(core.rounds.get(0)?.precommits.votes.size, 4)
    assert.equal(core.step, 'decided')
  })
})

describe('a follower', () => {
  it('decides without a word', () => {
    const core = createTestCore(null)
    const effects = feed(
      core,
      { type: 'start' },
      proposal(0, red),
      ...votes('prevote', [ann, bob, cid], 0, red),
      ...votes('precommit', [ann, bob, cid], 0, red),
    )
    assert.deepEqual(ballots(effects), [])
    assert.equal(effects.at(-1)?.type, 'decide')
  })
})
