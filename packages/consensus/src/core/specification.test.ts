import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createValidatorSet } from '@quoin/headers'
import type { Hex } from '@quoin/kernel'
import {
  type SpecifiedProposal,
  type SpecifiedState,
  type SpecifiedVote,
  specificationTraces,
} from '../testing/specification-traces.ts'
import type { Effect, Input, Proposal, Vote } from './messages.ts'
import { prevoteFresh, type Rule, tendermintRules } from './rules.ts'
import { type CoreState, createCore } from './state.ts'
import { step } from './step.ts'

const names = ['n0', 'n1', 'n2', 'n3']
const honest = names.slice(0, 3)
const addressOf = (name: string): Hex => `0x${'abcd'[names.indexOf(name)]?.repeat(40)}`
const nameOf = (address: Hex) => names.find((name) => addressOf(name) === address) ?? address
const proposers = ['n0', 'n3', 'n1']
const fresh: readonly Hex[] = ['0xred', '0xblue', '0xgreen']
const lastRound = 2
const steps = {
  Propose: 'propose',
  Prevoting: 'prevote',
  Precommitting: 'precommit',
  Decided: 'decided',
} as const

const validators = createValidatorSet(
  names.map((name) => ({
    address: addressOf(name),
    power: 1n,
    blsPublicKey: `0x${'00'.repeat(48)}` as Hex,
  })),
)
const idOf = (id: string): Hex | null => (id === 'nil' ? null : `0x${id}`)
const textOf = (id: Hex | null) => id?.slice(2) ?? 'nil'

function toVote({ kind, round, id, validRound, by }: SpecifiedVote): Vote {
  assert.ok(kind === 'prevote' || kind === 'precommit')
  return {
    kind,
    height: 1,
    round,
    id: idOf(id),
    validRound,
    validator: addressOf(by),
    signature: '0x',
  }
}

function toProposal(
  { round, id, validRound, by }: SpecifiedProposal,
  proof: SpecifiedVote[],
): Proposal {
  const content = {
    height: 1,
    round,
    id: idOf(id) ?? '0x',
    validRound,
    proposer: addressOf(by),
  } as const
  return { kind: 'proposal', ...content, signature: '0x', proofOfLock: proof.map(toVote) }
}

function toInput({ input, proposal, vote, proof }: SpecifiedState['last'], core: CoreState): Input {
  if (input === 'proposal')
    return { type: 'proposal', proposal: toProposal(proposal, proof), valid: true }
  if (input === 'vote') return { type: 'vote', vote: toVote(vote) }
  const { step: at, round } = core
  assert.ok(at === 'propose' || at === 'prevote' || at === 'precommit')
  return { type: 'timeout', timer: { height: 1, round, step: at } }
}

/** Votes and proposals that an input makes a core say; the block that it asks for comes at once. */
function say(core: CoreState, input: Input, rules: readonly Rule[]): Set<string> {
  const said = new Set<string>()
  const follow = (effects: Effect[]) => {
    for (const effect of effects) {
      if (effect.type === 'vote')
        said.add(lineOf({ ...effect.ballot, by: effect.ballot.validator }))
      if (effect.type === 'propose') said.add(lineOf({ ...effect.body, by: effect.body.proposer }))
      if (effect.type === 'requestValue') {
        const id = fresh[effect.round] ?? '0x'
        follow(step(core, { type: 'value', round: effect.round, id }, rules))
      }
    }
  }
  follow(step(core, input, rules))
  return said
}

function lineOf(said: {
  kind: string
  round: number
  id: Hex | null
  validRound: number
  by: Hex
}): string {
  return [nameOf(said.by), said.kind, said.round, textOf(said.id), said.validRound].join(' ')
}

function linesOf({ sentVotes, sentProposals }: SpecifiedState): Set<string> {
  const proposals = sentProposals.map((one) => ({ ...one, kind: 'proposal' }))
  const lines = [...sentVotes, ...proposals].map(({ by, kind, round, id, validRound }) =>
    [by, kind, round, id, validRound].join(' '),
  )
  return new Set(lines)
}

function viewOf({ round, step: at, lockedRound, lockedId, validRound, validId }: CoreState) {
  return {
    round,
    step: at,
    lockedRound,
    lockedId: textOf(lockedId),
    validRound,
    validId: textOf(validId),
  }
}

/** Takes cores through a run of the specification; both must say and know the same after each input. */
function replay(
  trace: readonly SpecifiedState[],
  rules: readonly Rule[] = tendermintRules,
): number {
  const proposerOf = (round: number) => addressOf(proposers[round] ?? 'n2')
  const cores = new Map(
    honest.map((name) => [
      name,
      createCore({ height: 1, validators, self: addressOf(name), proposerOf }),
    ]),
  )
  for (const core of cores.values()) say(core, { type: 'start' }, rules)
  let compared = 0
  for (const [index, state] of trace.entries()) {
    const core = cores.get(state.last.node)
    const expected = state.nodes.get(state.last.node)
    const before = trace[index - 1]
    // The specification ends with its last round; who goes beyond is not followed.
    if (!core || !expected || !before || core.round > lastRound) continue
    const said = say(core, toInput(state.last, core), rules)
    if (core.round > lastRound) continue
    const { decision: _, ...view } = { ...expected, step: steps[expected.step] }
    assert.deepEqual(viewOf(core), view, `state ${index}`)
    assert.deepEqual(said, linesOf(state).difference(linesOf(before)), `said in state ${index}`)
    compared++
  }
  return compared
}

describe('the core and its specification', async () => {
  const traces = await specificationTraces({ count: 60, steps: 70, seed: '0x51756f696e' })

  it('know and say the same after every input, in runs that lock, decide and go on', () => {
    const compared = traces.reduce((sum, trace) => sum + replay(trace), 0)
    assert.ok(compared > 2000, `${compared} inputs`)
    const ends = traces.flatMap((trace) => [...(trace.at(-1)?.nodes.values() ?? [])])
    assert.ok(
      ends.some(({ decision }) => decision !== 'nil'),
      'somebody decides',
    )
    assert.ok(
      ends.some(({ lockedRound, round }) => lockedRound >= 0 && round > lockedRound),
      'a lock is carried on',
    )
  })

  it('differ where a core forgets its lock', () => {
    const forgetful: Rule = (state, emit) => {
      const lockedRound = state.lockedRound
      state.lockedRound = -1
      const fired = prevoteFresh(state, emit)
      state.lockedRound = lockedRound
      return fired
    }
    const wrong = tendermintRules.map((rule) => (rule === prevoteFresh ? forgetful : rule))
    assert.throws(() => traces.map((trace) => replay(trace, wrong)), assert.AssertionError)
  })
})
