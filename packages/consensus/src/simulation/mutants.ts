import { isQuorum, type ValidatorSet } from '@quoin/headers'
import type { Message } from '../codec/messages.ts'
import {
  decideInAnyRound,
  lockOnPolka,
  prevote,
  prevoteProven,
  type Rule,
  schedulePrecommitTimer,
  skipRound,
  tendermintRules,
} from '../core/rules.ts'
import { roundOf } from '../core/state.ts'
import { powerFor } from '../core/tally.ts'
import type { BftOptions } from '../engine/bft-options.ts'
import type { Transport } from '../engine/transport.ts'
import type { RecordLog } from '../storage/record-file.ts'
import type { SignGuard } from '../storage/sign-guard.ts'
import { simulate } from './core-network.ts'
import { attack } from './guided-adversary.ts'
import { planShell } from './shell/scenarios.ts'
import { simulateShell } from './shell/shell-world.ts'

/** A wrong validator, and how the simulation is to notice. */
export interface Mutant {
  name: string
  /** Seeds among which one must find it. */
  within: number
  /** What went wrong under this seed; null when nothing was noticed. */
  run(seed: number): Promise<string | null>
}

function replace(rule: Rule, wrong: Rule): Rule[] {
  return tendermintRules.map((each) => (each === rule ? wrong : each))
}

const without = (rule: Rule) => tendermintRules.filter((each) => each !== rule)

const forgetLock: Rule = (state, emit) => {
  const fired = lockOnPolka(state, emit)
  state.lockedId = null
  state.lockedRound = -1
  return fired
}

const unlockForOlder: Rule = (state, emit) => {
  const { lockedRound } = state
  state.lockedRound = -1
  const fired = prevoteProven(state, emit)
  state.lockedRound = lockedRound
  return fired
}

const believeProofs: Rule = (state, emit) => {
  const { proposal } = roundOf(state, state.round)
  if (proposal && proposal.validRound >= 0)
    roundOf(state, proposal.validRound).provenPolkas.set(proposal.id, proposal.proofOfLock)
  return prevoteProven(state, emit)
}

/** Safe in the plain protocol; here its signature on an older proof convicts an honest validator. */
const acceptOwnLock: Rule = (state, emit) => {
  const { proposal, proposalIsValid } = roundOf(state, state.round)
  const isOwnLock = proposal && proposalIsValid && proposal.id === state.lockedId
  if (state.step !== 'propose' || !isOwnLock || proposal.validRound >= state.lockedRound)
    return prevoteProven(state, emit)
  prevote(state, proposal.id, proposal.validRound, emit)
  return true
}

const decideInThisRound: Rule = (state, emit) => {
  const { proposal, precommits } = roundOf(state, state.round)
  if (!proposal || !isQuorum(state.validators, powerFor(precommits, proposal.id, -1))) return false
  return decideInAnyRound(state, emit)
}

const halfIsQuorum = (set: ValidatorSet): ValidatorSet => ({ ...set, totalPower: 2n })

const underAttack = (rules: Rule[]) => async (seed: number) => attack(seed, rules)

const inCore = (wrong: Omit<Parameters<typeof simulate>[0], 'seed'>) => async (seed: number) =>
  simulate({ seed, ...wrong }).failure

function inShell(scenario: string, alter: (options: BftOptions) => BftOptions) {
  return async (seed: number) =>
    (await simulateShell({ seed, plan: planShell(scenario, seed), alter })).failure
}

/** Says that it is on the disk, and it is not. */
function forgetful(log: RecordLog): RecordLog {
  return {
    recovered: log.recovered,
    append() {},
    async flush() {},
    clear: () => log.clear(),
    replace: (records) => log.replace(records),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  }
}

export const mutants: readonly Mutant[] = [
  { name: 'forgets its lock', within: 400, run: underAttack(replace(lockOnPolka, forgetLock)) },
  {
    name: 'unlocks for a proof from before its lock',
    within: 2000,
    run: underAttack(replace(prevoteProven, unlockForOlder)),
  },
  {
    name: 'believes any proof of lock',
    within: 5000,
    run: underAttack(replace(prevoteProven, believeProofs)),
  },
  {
    name: 'votes for what it is locked on, whatever the proof',
    within: 5000,
    run: underAttack(replace(prevoteProven, acceptOwnLock)),
  },
  {
    name: 'takes half of the power for a quorum',
    within: 100,
    run: inCore({ quorumSet: halfIsQuorum }),
  },
  { name: 'speaks before its log is on the disk', within: 400, run: inCore({ syncsLog: false }) },
  {
    name: 'takes messages of the next height past its log',
    within: 2000,
    run: inCore({ logsFuture: false }),
  },
  {
    name: 'does not follow the others to a later round',
    within: 2000,
    run: inCore({ rules: without(skipRound) }),
  },
  { name: 'never says anything again', within: 100, run: inCore({ repeats: false }) },
  {
    name: 'never leaves a round without a decision',
    within: 100,
    run: inCore({ rules: without(schedulePrecommitTimer) }),
  },
  {
    name: 'decides only in the round that it is in',
    within: 2000,
    run: inCore({ rules: replace(decideInAnyRound, decideInThisRound) }),
  },
  {
    name: "believes the proposer's clock",
    within: 20,
    run: inShell('lying-timestamps', (options) => ({
      ...options,
      maxDriftMs: Number.POSITIVE_INFINITY,
    })),
  },
  {
    name: 'keeps neither log nor sign guard',
    within: 60,
    run: inShell('crashes', (options) => ({
      ...options,
      wal: forgetful(options.wal),
      guard: { ...options.guard, sign: (_slot, _digest, sign) => sign() },
    })),
  },
  {
    name: 'forgets its lock with its log',
    within: 100,
    run: inShell('lost-log', (options) => ({ ...options, guard: withoutLocks(options.guard) })),
  },
  {
    name: 'says nothing of where it stands',
    within: 40,
    run: inShell('bad-network', (options) => ({
      ...options,
      transport: mute(options.transport, 'status'),
    })),
  },
]

/** A sign guard that sees no further than one round. */
function withoutLocks(guard: SignGuard): SignGuard {
  return {
    ...guard,
    signedAt: () => [],
    sign: (statement, digest, sign) =>
      guard.sign({ ...statement, validRound: statement.round - 1 }, digest, sign),
  }
}

/** The same transport, but for one kind of message. */
function mute(transport: Transport, type: Message['type']): Transport {
  return {
    peers: () => transport.peers(),
    broadcast: (message) => transport.broadcast(message),
    send: (peer, message) => {
      if (message.type !== type) transport.send(peer, message)
    },
    onMessage: (listener) => transport.onMessage(listener),
    onPeer: (listener) => transport.onPeer(listener),
    requestBlocks: (peer, range, options) => transport.requestBlocks(peer, range, options),
    serveBlocks: (handler) => transport.serveBlocks(handler),
    report: (peer, offence) => transport.report(peer, offence),
  }
}
